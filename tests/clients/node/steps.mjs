// What all Node clients here share. A client has a function for each step, as in `python/steps.py`; a step that throws gives
// `{"thrown": ...}`, so that one failure does not hide the others.
import { z } from "zod";

export const url = process.env.GATEWAY_URL;
export const key = process.env.GATEWAY_KEY;
export const hello = "Hello from the quay";
export const weather = "What is the weather in Oslo?";
export const told = "11 degrees and rain";
export const about = "Current weather of a city";
export const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const Berth = z.object({ quay: z.enum(["north", "south"]), free: z.boolean() });

export async function run(steps) {
  const found = {};
  for (const step of process.argv[2]?.split(",") ?? Object.keys(steps)) found[step] = await tried(steps[step]);
  console.log(JSON.stringify(found));
}

async function tried(step) {
  try {
    return (await step()) ?? null;
  } catch (error) {
    return { thrown: error.stack + JSON.stringify(error.cause ?? null) };
  }
}
