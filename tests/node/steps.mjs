// Runs named steps for the models given as `{"step": ["model", ...]}` in the first argument, and prints what each gave as
// `{"step": {"model": ...}}`. A step that throws gives `{"thrown": ...}`, so that one failure does not hide the others.
export async function run(steps) {
  const found = {};
  for (const [step, models] of Object.entries(JSON.parse(process.argv[2]))) {
    found[step] = {};
    for (const model of models) found[step][model] = await tried(steps[step], model);
  }
  console.log(JSON.stringify(found));
}

async function tried(step, model) {
  try {
    return (await step(model)) ?? null;
  } catch (error) {
    return { thrown: error.stack + JSON.stringify(error.cause ?? null) };
  }
}
