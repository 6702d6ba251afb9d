// From a lane to the body of a chat request, with nothing in it that the reader did not say.
import type { Lane, Talk, Turn } from "./talk";

export type Body = Record<string, unknown> & { model: string; messages: Message[] };
export type Message = Record<string, unknown> & { role: string };

export function bodyOf(talk: Talk, lane: Lane, turns: Turn[]): Body {
  const body: Body = { model: lane.model, messages: messagesOf(talk.system, turns) };
  Object.assign(body, lane.values);
  if (Object.keys(lane.reasoning).length) body.reasoning = lane.reasoning;
  const tools = toolsOf(lane.tools);
  if (tools.length) body.tools = tools;
  else delete body.tool_choice;
  if (lane.output.kind === "json") body.response_format = { type: "json_object" };
  if (lane.output.kind === "schema") body.response_format = { type: "json_schema", json_schema: schemaOf(lane.output.schema) };
  return body;
}

export function messagesOf(system: string, turns: Turn[]): Message[] {
  const before: Message[] = system.trim() ? [{ role: "system", content: system }] : [];
  return [...before, ...turns.flatMap(toMessages)];
}

function toMessages(turn: Turn): Message[] {
  if (turn.role === "tools") return (turn.results ?? []).map(({ id, content }) => ({ role: "tool", tool_call_id: id, content }));
  if (turn.role === "user") return [{ role: "user", content: turn.attachments?.length ? partsOf(turn) : turn.text }];
  // An answer that failed before it said anything has nothing to give back.
  if (!turn.text && !turn.calls?.length) return [];
  const message: Message = { role: "assistant", content: turn.text || null };
  if (turn.details?.length) message.reasoning_details = turn.details;
  else if (turn.reasoning) message.reasoning = turn.reasoning;
  if (turn.calls?.length) {
    message.tool_calls = turn.calls.map((call) => ({ id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } }));
  }
  return [message];
}

function partsOf(turn: Turn): Record<string, unknown>[] {
  const parts: Record<string, unknown>[] = turn.text ? [{ type: "text", text: turn.text }] : [];
  for (const { kind, name, data } of turn.attachments ?? []) {
    if (kind === "image") parts.push({ type: "image_url", image_url: { url: data } });
    else parts.push({ type: "file", file: { filename: name, file_data: data } });
  }
  return parts;
}

// Tools as the API has them, or the bare functions that people have at hand. raises Error, in words
export function toolsOf(text: string): Record<string, unknown>[] {
  if (!text.trim()) return [];
  const read: unknown = parsed(text);
  const list = Array.isArray(read) ? read : [read];
  return list.map((tool, place) => {
    const shaped = isObject(tool) && isObject(tool.function) ? tool : { type: "function", function: tool };
    const inner = shaped.function;
    if (!isObject(inner) || typeof inner.name !== "string" || !inner.name) throw new Error(`Tool ${place + 1} has no name.`);
    if (inner.parameters !== undefined && !isObject(inner.parameters)) throw new Error(`The parameters of ${inner.name} must be a JSON schema.`);
    return { type: "function", ...shaped };
  });
}

// A schema with its name, as the API has it, or bare. raises Error, in words
export function schemaOf(text: string): Record<string, unknown> {
  const read: unknown = parsed(text);
  if (!isObject(read)) throw new Error("A JSON schema is an object.");
  if (isObject(read.schema) && typeof read.name === "string") return read;
  return { name: "answer", strict: true, schema: read };
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}`);
  }
}

export function isObject(value: unknown): value is Record<string, any> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
