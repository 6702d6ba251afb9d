// The models to talk with and the parameters they take, as the server tells them.
export interface Model {
  id: string;
  name: string;
  ready: boolean;
  takes: string[];
  reads: string[];
  defaults?: Record<string, number>;
  most_tokens?: number;
  context?: number;
  efforts?: string[];
  usual_effort?: string;
  reasons?: boolean;
  budget?: boolean;
  price?: [string, string];
}

export interface Control {
  name: string;
  kind: "number" | "integer" | "choice" | "switch" | "text" | "json";
  meaning: string;
  least?: number;
  most?: number;
  choices?: string[];
}

export interface Catalogue {
  models: Model[];
  controls: Control[];
}

const LENGTHS = ["max_tokens", "max_completion_tokens"];

export async function fetchCatalogue(): Promise<Catalogue> {
  const answer = await fetch("/chat/models.json");
  if (!answer.ok) throw new Error(`The list of models could not be read (${answer.status}).`);
  return answer.json();
}

// A model that is not in the catalogue may still be there to be asked.
export function modelOf(catalogue: Catalogue, id: string): Model {
  return catalogue.models.find((model) => model.id === id) ?? { id, name: id, ready: false, takes: [], reads: ["text"] };
}

// Either spelling of the length does: it is sent as the provider spells it.
export function controlsOf(catalogue: Catalogue, model: Model): Control[] {
  const takes = new Set(model.takes.map((name) => (LENGTHS.includes(name) ? "max_completion_tokens" : name)));
  if (model.reasons && model.efforts?.length) takes.delete("reasoning_effort");
  return catalogue.controls
    .filter((control) => takes.has(control.name) || takes.size === 0)
    .map((control) => (control.name === "max_completion_tokens" && model.most_tokens ? { ...control, most: model.most_tokens } : control));
}

// What is wrong with a value, or nothing.
export function problemOf(control: Control, value: unknown): string {
  if (control.kind !== "number" && control.kind !== "integer") return "";
  if (typeof value !== "number" || !Number.isFinite(value)) return "This must be a number.";
  if (control.kind === "integer" && !Number.isInteger(value)) return "This must be a whole number.";
  if (control.least !== undefined && value < control.least) return `At least ${control.least}.`;
  if (control.most !== undefined && value > control.most) return `At most ${control.most.toLocaleString("en")}.`;
  return "";
}
