// What a conversation is: lanes side by side, each a tree of turns of which one path is shown. Plain values, kept as they are.
export interface Attachment {
  kind: "image" | "pdf";
  name: string;
  size: number;
  data: string;
}

export interface Call {
  id: string;
  name: string;
  arguments: string;
}

export interface Trouble {
  message: string;
  remedy?: string;
  status?: number;
  generation?: string;
  retryable?: boolean;
}

// test  a test key asked: the cost is at list price, and nobody pays it
export interface Facts {
  prompt?: number;
  completion?: number;
  reasoning?: number;
  cached?: number;
  cost?: number;
  test?: boolean;
  provider?: string;
  generation?: string;
  adjusted?: string;
  finish?: string;
  first_ms?: number;
  total_ms?: number;
}

// role  `tools` holds the results of all calls of the answer before it
// turn  the same in every lane for a message that was sent to all of them
export interface Turn {
  id: string;
  parent: string;
  turn: string;
  role: "user" | "assistant" | "tools";
  text: string;
  attachments?: Attachment[];
  reasoning?: string;
  details?: Record<string, unknown>[];
  refusal?: string;
  calls?: Call[];
  results?: { id: string; name: string; content: string }[];
  model?: string;
  facts?: Facts;
  trouble?: Trouble;
  stopped?: boolean;
}

export interface Output {
  kind: "text" | "json" | "schema";
  schema: string;
}

export interface Lane {
  id: string;
  model: string;
  values: Record<string, unknown>;
  reasoning: { effort?: string; max_tokens?: number; exclude?: boolean };
  tools: string;
  output: Output;
  turns: Record<string, Turn>;
  chosen: Record<string, string>;
}

export interface Talk {
  id: string;
  title: string;
  changed: number;
  system: string;
  lanes: Lane[];
}

export const ROOT = "";
export const newId = (): string => crypto.getRandomValues(new Uint32Array(3)).reduce((text, part) => text + part.toString(36), "");

export function newLane(model: string): Lane {
  return { id: newId(), model, values: {}, reasoning: {}, tools: "", output: { kind: "text", schema: "" }, turns: {}, chosen: {} };
}

export function newTalk(models: string[]): Talk {
  return { id: newId(), title: "", changed: Date.now(), system: "", lanes: models.map(newLane) };
}

// The same model with the same settings, and nothing said.
export function laneAnew(lane: Lane): Lane {
  return { ...structuredClone(lane), id: newId(), turns: {}, chosen: {} };
}

// A lane beside another begins with what was said so far, settings left out, since they belong to a model.
export function laneBeside(model: string, from: Lane): Lane {
  return { ...newLane(model), turns: structuredClone(from.turns), chosen: { ...from.chosen } };
}

export function children(lane: Lane, parent: string): Turn[] {
  return Object.values(lane.turns).filter((turn) => turn.parent === parent);
}

export function path(lane: Lane): Turn[] {
  const shown: Turn[] = [];
  for (let at = lane.turns[lane.chosen[ROOT]]; at; at = lane.turns[lane.chosen[at.id]]) shown.push(at);
  return shown;
}

export function upTo(lane: Lane, turn: Turn): Turn[] {
  const before: Turn[] = [];
  for (let at: Turn | undefined = turn; at; at = lane.turns[at.parent]) before.unshift(at);
  return before;
}

export function add(lane: Lane, turn: Turn): Turn {
  lane.turns[turn.id] = turn;
  lane.chosen[turn.parent] = turn.id;
  return turn;
}

export function last(lane: Lane): Turn | undefined {
  return path(lane).at(-1);
}

// Every lane that has the same message turns with the one in which the reader did.
export function turnTo(talk: Talk, lane: Lane, wanted: Turn): void {
  lane.chosen[wanted.parent] = wanted.id;
  if (wanted.role !== "user") return;
  for (const other of talk.lanes) {
    const twin = Object.values(other.turns).find((turn) => turn.turn === wanted.turn && turn.role === "user");
    if (twin) other.chosen[twin.parent] = twin.id;
  }
}

// A conversation of its own that ends at this turn.
export function branchAt(talk: Talk, lane: Lane, turn: Turn): Talk {
  const kept = upTo(lane, turn);
  const turns = Object.fromEntries(kept.map((one) => [one.id, structuredClone(one)]));
  const chosen = Object.fromEntries(kept.map((one) => [one.parent, one.id]));
  const title = `${talk.title || titleOf(talk)} (branch)`;
  return { ...newTalk([]), title, system: talk.system, lanes: [{ ...structuredClone(lane), id: newId(), turns, chosen }] };
}

export function titleOf(talk: Talk): string {
  if (talk.title) return talk.title;
  const first = talk.lanes.flatMap(path).find((turn) => turn.role === "user");
  const words = (first?.text || first?.attachments?.[0]?.name || "").replace(/\s+/g, " ").trim();
  return words.length > 60 ? `${words.slice(0, 59)}…` : words || "New chat";
}

export const isEmpty = (talk: Talk): boolean => talk.lanes.every((lane) => Object.keys(lane.turns).length === 0);

export function unanswered(lane: Lane): Turn | undefined {
  const end = last(lane);
  return end?.role === "assistant" && end.calls?.length ? end : undefined;
}
