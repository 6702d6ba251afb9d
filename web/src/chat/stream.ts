// One generation, read from its event stream as it comes.
import { isTest } from "./key";
import { isObject, type Body } from "./request";
import type { Facts, Trouble, Turn } from "./talk";

export class Refusal extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.message);
  }
}

// Writes into `turn` what comes and says so each time. raises Refusal; AbortError when it is stopped
export async function generate(body: Body, key: string, turn: Turn, signal: AbortSignal, changed: () => void): Promise<void> {
  const facts: Facts = (turn.facts = { test: isTest(key) });
  const began = performance.now();
  const answer = await ask(body, key, signal);
  facts.generation = answer.headers.get("x-generation-id") ?? undefined;
  facts.adjusted = answer.headers.get("x-entrepot-adjusted") ?? undefined;
  if (!answer.ok || !answer.body) throw new Refusal(await refusalOf(answer));
  try {
    for await (const event of events(answer.body)) {
      if (isObject(event.error)) throw new Refusal(troubleIn(event, facts.generation));
      if (take(event, turn)) facts.first_ms ??= performance.now() - began;
      changed();
    }
  } catch (error) {
    if (error instanceof TypeError) throw new Refusal({ message: "The connection broke in the middle of the answer.", generation: facts.generation, retryable: true });
    throw error;
  } finally {
    facts.total_ms = performance.now() - began;
  }
}

async function ask(body: Body, key: string, signal: AbortSignal): Promise<Response> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json", "X-Title": "Entrepot chat" };
  try {
    return await fetch("/api/v1/chat/completions", { method: "POST", headers, body: JSON.stringify({ ...body, stream: true }), signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Refusal({ message: "The server could not be reached.", remedy: "See that it runs, then try again.", retryable: true });
  }
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Record<string, any>> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split(/\r?\n/);
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      yield eventIn(data);
    }
    if (done) return;
  }
}

function eventIn(data: string): Record<string, any> {
  try {
    return JSON.parse(data);
  } catch {
    throw new Refusal({ message: "The provider sent something that is not JSON.", retryable: true });
  }
}

// Whether something came that a reader would see.
function take(event: Record<string, any>, turn: Turn): boolean {
  const facts = (turn.facts ??= {});
  facts.provider ??= event.provider;
  facts.generation ??= event.id;
  if (isObject(event.usage)) takeUsage(event.usage, facts);
  const choice = event.choices?.[0];
  if (!isObject(choice)) return false;
  if (choice.finish_reason) facts.finish = choice.finish_reason;
  const delta = isObject(choice.delta) ? choice.delta : {};
  turn.text += delta.content ?? "";
  if (delta.refusal) turn.refusal = (turn.refusal ?? "") + delta.refusal;
  if (delta.reasoning) turn.reasoning = (turn.reasoning ?? "") + delta.reasoning;
  for (const detail of delta.reasoning_details ?? []) takeDetail(detail, (turn.details ??= []));
  for (const call of delta.tool_calls ?? []) takeCall(call, turn);
  return Boolean(delta.content || delta.reasoning || delta.refusal || delta.tool_calls);
}

export function takeUsage(usage: Record<string, any>, facts: Facts): void {
  facts.prompt = usage.prompt_tokens;
  facts.completion = usage.completion_tokens;
  facts.cost = usage.cost;
  facts.reasoning = usage.completion_tokens_details?.reasoning_tokens;
  facts.cached = usage.prompt_tokens_details?.cached_tokens;
}

// Pieces of one block have its index and type: their texts are joined, whatever else they carry is kept as it came last.
export function takeDetail(piece: Record<string, any>, details: Record<string, any>[]): void {
  const block = details.find((one) => one.index === piece.index && one.type === piece.type);
  if (!block || piece.index === undefined) {
    details.push({ ...piece });
    return;
  }
  for (const [name, value] of Object.entries(piece)) {
    const joins = (name === "text" || name === "summary" || name === "data") && typeof value === "string";
    if (value !== null) block[name] = joins ? (block[name] ?? "") + value : value;
  }
}

function takeCall(piece: Record<string, any>, turn: Turn): void {
  const calls = (turn.calls ??= []);
  const call = (calls[piece.index ?? 0] ??= { id: "", name: "", arguments: "" });
  call.id = piece.id ?? call.id;
  call.name += piece.function?.name ?? "";
  call.arguments += piece.function?.arguments ?? "";
}

async function refusalOf(answer: Response): Promise<Trouble> {
  const told: unknown = await answer.json().catch(() => null);
  const trouble = troubleIn(isObject(told) ? told : {}, answer.headers.get("x-generation-id") ?? undefined);
  return { ...trouble, status: answer.status };
}

function troubleIn(told: Record<string, any>, generation?: string): Trouble {
  const error = isObject(told.error) ? told.error : {};
  const about = isObject(error.metadata) ? error.metadata : {};
  return {
    message: error.message ?? "The server answered with an error and did not say which.",
    remedy: about.remedy_hint,
    status: typeof error.code === "number" ? error.code : undefined,
    generation: told.id ?? generation,
    retryable: about.retryable,
  };
}

// What a stopped generation came to: it is settled within a moment after its client left.
export async function settledFacts(generation: string, key: string): Promise<Partial<Facts>> {
  for (let tried = 0; tried < 6; tried++) {
    await new Promise((resolve) => setTimeout(resolve, 300 * (tried + 1)));
    const answer = await fetch(`/api/v1/generation?id=${encodeURIComponent(generation)}`, { headers: { Authorization: `Bearer ${key}` } }).catch(() => null);
    const data = answer?.ok ? (await answer.json()).data : null;
    if (isObject(data)) {
      return { cost: data.total_cost, prompt: data.tokens_prompt, completion: data.tokens_completion, provider: data.provider_name };
    }
  }
  return {};
}
