// The same call in other words, for who wants to go on in a program.
import type { Body } from "./request";

const URL_PATH = "/api/v1/chat/completions";

export interface Sample {
  title: string;
  language: string;
  code: string;
}

export function samplesOf(body: Body, origin: string): Sample[] {
  return [
    { title: "curl", language: "bash", code: curl(body, origin) },
    { title: "Python", language: "python", code: python(body, origin) },
    { title: "JavaScript", language: "javascript", code: script(body, origin) },
  ];
}

function curl(body: Body, origin: string): string {
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return `curl ${origin}${URL_PATH} \\\n  -H "Authorization: Bearer $ENTREPOT_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${json}'`;
}

// Python's client takes what OpenAI's API has; the rest goes in `extra_body`.
const KNOWN = new Set(
  "model messages temperature top_p frequency_penalty presence_penalty max_completion_tokens seed stop logit_bias logprobs top_logprobs tools tool_choice parallel_tool_calls response_format verbosity reasoning_effort".split(" "),
);

function python(body: Body, origin: string): string {
  const extra = Object.entries(body).filter(([name]) => !KNOWN.has(name));
  const lines = Object.entries(body).filter(([name]) => KNOWN.has(name));
  const given = lines.map(([name, value]) => `    ${name}=${pythonic(value, 1)},`);
  if (extra.length) given.push(`    extra_body=${pythonic(Object.fromEntries(extra), 1)},`);
  const client = `client = OpenAI(base_url="${origin}/api/v1", api_key=os.environ["ENTREPOT_API_KEY"])`;
  return `import os\nfrom openai import OpenAI\n\n${client}\nanswer = client.chat.completions.create(\n${given.join("\n")}\n)\nprint(answer.choices[0].message.content)`;
}

function pythonic(value: unknown, depth: number): string {
  const pad = "    ".repeat(depth);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const items = Array.isArray(value) ? value.map((item) => pythonic(item, depth + 1)) : Object.entries(value as object).map(([name, item]) => `${JSON.stringify(name)}: ${pythonic(item, depth + 1)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const short = `${open}${items.join(", ")}${close}`;
  if (short.length < 80 && !short.includes("\n")) return short;
  return `${open}\n${items.map((item) => `${pad}    ${item},`).join("\n")}\n${pad}${close}`;
}

function script(body: Body, origin: string): string {
  const json = JSON.stringify(body, null, 2).split("\n").join("\n  ");
  return `const answer = await fetch("${origin}${URL_PATH}", {\n  method: "POST",\n  headers: { Authorization: \`Bearer \${process.env.ENTREPOT_API_KEY}\`, "Content-Type": "application/json" },\n  body: JSON.stringify(${json}),\n});\nconst { choices, usage } = await answer.json();\nconsole.log(choices[0].message.content, usage.cost);`;
}
