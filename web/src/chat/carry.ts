// Conversations out of the browser and into it again: JSON with everything, Markdown to read.
import { isObject } from "./request";
import { newId, path, titleOf, type Lane, type Talk, type Turn } from "./talk";

const MARK = "entrepot_chat";
const MOST_IMPORTED = 500;
const ROLES = ["user", "assistant", "tools"];

export const asJson = (talks: Talk[]): string => JSON.stringify({ [MARK]: 1, talks }, null, 1);

export function asMarkdown(talk: Talk): string {
  const system = talk.system ? [`> ${talk.system.replaceAll("\n", "\n> ")}`] : [];
  const lanes = talk.lanes.map((lane) => [talk.lanes.length > 1 ? `## ${lane.model}` : "", ...path(lane).map(turnAsMarkdown)].filter(Boolean).join("\n\n"));
  return [`# ${titleOf(talk)}`, ...system, ...lanes].join("\n\n") + "\n";
}

function turnAsMarkdown(turn: Turn): string {
  if (turn.role === "tools") return (turn.results ?? []).map((result) => `**Result of ${result.name}**\n\n\`\`\`\n${result.content}\n\`\`\``).join("\n\n");
  const who = turn.role === "user" ? "You" : (turn.model ?? "Model");
  const files = (turn.attachments ?? []).map((file) => `*${file.name}*`);
  const calls = (turn.calls ?? []).map((call) => `**Calls ${call.name}**\n\n\`\`\`json\n${call.arguments}\n\`\`\``);
  return [`**${who}**`, ...files, turn.text, ...calls].filter(Boolean).join("\n\n");
}

// raises Error, in words
export function fromJson(text: string): Talk[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Error("This file is not JSON. An export of this page is.");
  }
  if (!isObject(read) || read[MARK] !== 1 || !Array.isArray(read.talks)) throw new Error("This file is not an export of this page.");
  if (read.talks.length > MOST_IMPORTED) throw new Error(`At most ${MOST_IMPORTED} conversations at once.`);
  return read.talks.map(talkIn);
}

// A foreign file may say anything: what is taken over is taken member by member, under a new id.
function talkIn(given: unknown, place: number): Talk {
  if (!isObject(given) || !Array.isArray(given.lanes) || !given.lanes.length || given.lanes.length > 4) throw new Error(`Conversation ${place + 1} cannot be read.`);
  const changed = typeof given.changed === "number" ? given.changed : Date.now();
  return { id: newId(), title: word(given.title, 200), changed, system: word(given.system), lanes: given.lanes.map(laneIn) };
}

function laneIn(given: unknown): Lane {
  if (!isObject(given) || typeof given.model !== "string" || !isObject(given.turns)) throw new Error("A lane of this file cannot be read.");
  const turns = Object.fromEntries(Object.values(given.turns).map(turnIn).map((turn) => [turn.id, turn]));
  const chosen = Object.fromEntries(Object.entries(isObject(given.chosen) ? given.chosen : {}).filter(([parent, id]) => turns[id]?.parent === parent));
  const output = isObject(given.output) && ["text", "json", "schema"].includes(given.output.kind) ? { kind: given.output.kind, schema: word(given.output.schema) } : { kind: "text" as const, schema: "" };
  const reasoning = isObject(given.reasoning) ? given.reasoning : {};
  return { id: newId(), model: given.model.slice(0, 256), values: isObject(given.values) ? given.values : {}, reasoning, tools: word(given.tools), output, turns, chosen };
}

function turnIn(given: unknown): Turn {
  if (!isObject(given) || !ROLES.includes(given.role) || typeof given.id !== "string" || given.parent === given.id) throw new Error("A message of this file cannot be read.");
  const turn = { ...given, parent: word(given.parent), turn: word(given.turn) || given.id, text: word(given.text) } as Turn;
  turn.attachments = listOf(given.attachments, isAttachment);
  turn.calls = listOf(given.calls, (call) => ["id", "name", "arguments"].every((name) => typeof call[name] === "string"));
  turn.results = listOf(given.results, (result) => ["id", "name", "content"].every((name) => typeof result[name] === "string"));
  turn.details = listOf(given.details, () => true);
  for (const name of ["facts", "trouble"] as const) if (!isObject(given[name])) delete turn[name];
  for (const name of ["reasoning", "refusal", "model"] as const) if (typeof given[name] !== "string") delete turn[name];
  return turn;
}

function listOf<T>(given: unknown, fits: (item: Record<string, unknown>) => boolean): T[] | undefined {
  return Array.isArray(given) ? (given.filter((item) => isObject(item) && fits(item)) as T[]) : undefined;
}

const isAttachment = (file: Record<string, unknown>): boolean => ["image", "pdf"].includes(word(file.kind)) && typeof file.name === "string" && /^data:(image\/|application\/pdf)/.test(word(file.data));
const word = (value: unknown, most = Infinity): string => (typeof value === "string" ? value.slice(0, most) : "");

export function download(name: string, text: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
