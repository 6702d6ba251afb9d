// What a lane asks its model with: parameters with their bounds, reasoning, form of the answer, tools. Only what is set is sent.
import { h, sheet, uniqueId, type Child } from "../lib/dom";
import { controlsOf, problemOf, type Catalogue, type Control, type Model } from "./catalogue";
import { parsed, schemaOf, toolsOf } from "./request";
import type { Lane } from "./talk";

const WIDEST_SLIDER = 1000;
const TOOL = `[
  {
    "name": "get_weather",
    "description": "The weather of a city, now.",
    "parameters": {
      "type": "object",
      "properties": { "city": { "type": "string" } },
      "required": ["city"]
    }
  }
]`;
const SCHEMA = `{
  "type": "object",
  "properties": { "title": { "type": "string" }, "tags": { "type": "array", "items": { "type": "string" } } },
  "required": ["title", "tags"],
  "additionalProperties": false
}`;

export function setCount(lane: Lane): number {
  return Object.keys(lane.values).length + Object.keys(lane.reasoning).length + (lane.tools.trim() ? 1 : 0) + (lane.output.kind === "text" ? 0 : 1);
}

export function openPanel(lane: Lane, catalogue: Catalogue, model: Model, changed: () => void): Promise<void> {
  return new Promise((resolve) => {
    const body = h("div", { class: "panel" });
    const draw = (): void => {
      body.replaceChildren(...sections(lane, catalogue, model, changed));
    };
    const reset = h("button", { type: "button", onclick: () => (clear(lane), changed(), draw()) }, "Reset all");
    draw();
    const dialog = sheet(`Settings of ${model.name}`, "side-sheet", h("p", { class: "dim" }, "What is left alone is not sent: the model's own defaults hold."), body, h("footer", {}, reset, h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Done")));
    dialog.addEventListener("close", () => resolve());
  });
}

function clear(lane: Lane): void {
  Object.assign(lane, { values: {}, reasoning: {}, tools: "", output: { kind: "text", schema: "" } });
}

function* sections(lane: Lane, catalogue: Catalogue, model: Model, changed: () => void): Generator<HTMLElement> {
  const controls = controlsOf(catalogue, model).filter((control) => control.name !== "tool_choice" && control.name !== "parallel_tool_calls");
  if (model.reasons) yield section("Reasoning", ...reasoning(lane, model, changed));
  const known = model.takes;
  if (!known.length || known.includes("response_format")) yield section("Form of the answer", ...output(lane, model, changed));
  if (!known.length || known.includes("tools")) yield section("Tools", ...tools(lane, catalogue, changed));
  yield section("Parameters", ...(controls.length ? controls.map((control) => valueField(lane, control, model, changed)) : [h("p", { class: "dim" }, "This model takes none.")]));
}

const section = (title: string, ...children: Child[]): HTMLElement => h("section", {}, h("h3", {}, title), ...children);

// A labelled field with its hint and, where its value is wrong, why.
function field(name: string, hint: string, control: HTMLElement, ...more: Child[]): { whole: HTMLElement; tell: (problem: string) => void } {
  const id = uniqueId("field");
  const problem = h("p", { class: "problem", id: `${id}-problem`, role: "alert" });
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
  const whole = h("div", { class: "field" }, h("label", { for: id }, name), control, ...more, h("p", { class: "hint", id: `${id}-hint` }, hint), problem);
  const tell = (text: string): void => {
    problem.textContent = text;
    control.setAttribute("aria-invalid", String(Boolean(text)));
  };
  return { whole, tell };
}

function valueField(lane: Lane, control: Control, model: Model, changed: () => void): HTMLElement {
  const put = (value: unknown): void => {
    if (value === undefined) delete lane.values[control.name];
    else lane.values[control.name] = value;
    changed();
  };
  if (control.kind === "choice") return choiceField(control.name, control.meaning, control.choices ?? [], lane.values[control.name] as string, put);
  if (control.kind === "switch") return switchField(control, lane.values[control.name], put);
  if (control.kind === "text" || control.kind === "json") return textField(control, lane.values[control.name], put);
  return numberField(control, lane.values[control.name] as number | undefined, model.defaults?.[control.name], put);
}

function numberField(control: Control, now: number | undefined, usual: number | undefined, put: (value?: number) => void): HTMLElement {
  const step = control.kind === "integer" ? 1 : 0.01;
  const range = [control.least, control.most].some((bound) => bound !== undefined) ? `${control.least ?? "…"} to ${control.most?.toLocaleString("en") ?? "…"}. ` : "";
  const box = h("input", { type: "number", step: control.kind === "integer" ? 1 : "any", min: control.least, max: control.most, value: now ?? "", placeholder: usual === undefined ? "default" : `default ${usual}`, inputmode: "decimal" });
  const slides = control.least !== undefined && control.most !== undefined && control.most - control.least <= WIDEST_SLIDER;
  const middle = usual ?? (slides ? ((control.least as number) + (control.most as number)) / 2 : 0);
  const slider = slides ? h("input", { type: "range", min: control.least, max: control.most, step, value: now ?? middle, "aria-label": `${control.name}, slider`, class: now === undefined ? "unset" : "" }) : null;
  const { whole, tell } = field(control.name, range + plain(control.meaning), box, slider);
  const set = (text: string): void => {
    const problem = text === "" ? "" : problemOf(control, Number(text));
    tell(problem);
    put(text === "" || problem ? undefined : Number(text));
    slider?.classList.toggle("unset", text === "");
    if (slider && !problem) slider.value = text === "" ? String(middle) : text;
  };
  box.addEventListener("input", () => set(box.value));
  slider?.addEventListener("input", () => {
    box.value = slider.value;
    set(slider.value);
  });
  return whole;
}

function choiceField(name: string, meaning: string, choices: string[], now: string | undefined, put: (value?: string) => void, unset = "default"): HTMLElement {
  const select: HTMLSelectElement = h("select", { onchange: () => put(select.value || undefined) }, h("option", { value: "" }, unset), ...choices.map((choice) => h("option", { value: choice, selected: choice === now }, choice)));
  return field(name, plain(meaning), select).whole;
}

function switchField(control: Control, now: unknown, put: (value?: boolean) => void): HTMLElement {
  return choiceField(control.name, control.meaning, ["true", "false"], now === undefined ? undefined : String(now), (value) => put(value === undefined ? undefined : value === "true"));
}

function textField(control: Control, now: unknown, put: (value?: unknown) => void): HTMLElement {
  const isStop = control.name === "stop";
  const shown = now === undefined ? "" : typeof now === "string" ? now : isStop ? (now as string[]).join("\n") : JSON.stringify(now);
  const box = h("textarea", { rows: 2, spellcheck: "false", value: shown, placeholder: isStop ? "one a line, up to four" : control.kind === "json" ? "JSON" : "default" });
  const { whole, tell } = field(control.name, plain(control.meaning), box);
  box.addEventListener("input", () => {
    if (!box.value) return tell(""), put(undefined);
    if (isStop) {
      const lines = box.value.split("\n").filter(Boolean);
      tell(lines.length > 4 ? "At most four." : "");
      return put(lines.length && lines.length <= 4 ? lines : undefined);
    }
    if (control.kind === "text") return put(box.value);
    return attempt(() => parsed(box.value), tell, put);
  });
  return whole;
}

function* reasoning(lane: Lane, model: Model, changed: () => void): Generator<HTMLElement> {
  const put = (name: "effort" | "max_tokens" | "exclude", value: string | number | boolean | undefined): void => {
    if (value === undefined) delete lane.reasoning[name];
    else Object.assign(lane.reasoning, { [name]: value });
    changed();
  };
  const usual = model.usual_effort ? `default (${model.usual_effort})` : "default";
  const efforts = model.efforts?.length ? model.efforts : ["high", "medium", "low"];
  yield choiceField("Effort", "How much it thinks before it answers.", efforts, lane.reasoning.effort, (value) => {
    put("effort", value);
    // The API takes one or the other.
    if (value) put("max_tokens", undefined);
  }, usual);
  const budget: Control = { name: "Budget, tokens", kind: "integer", meaning: "The most tokens to think with, in place of an effort.", least: 1, most: model.most_tokens };
  if (model.budget) yield numberField(budget, lane.reasoning.max_tokens, undefined, (value) => (value !== undefined && put("effort", undefined), put("max_tokens", value)));
  yield choiceField("Shown", "Whether the reasoning comes with the answer.", ["hide it"], lane.reasoning.exclude ? "hide it" : undefined, (value) => put("exclude", value ? true : undefined), "show it");
}

function* output(lane: Lane, model: Model, changed: () => void): Generator<HTMLElement> {
  const kinds = { text: "Text", json: "JSON, any", schema: "JSON by a schema" };
  const offered = Object.entries(kinds).filter(([kind]) => kind !== "schema" || !model.takes.length || model.takes.includes("structured_outputs"));
  const box = h("textarea", { rows: 8, spellcheck: "false", value: lane.output.schema, class: "mono" });
  const { whole, tell } = field("JSON schema", "The schema itself, or with `name` and `strict` as the API has it.", box);
  const check = (): void => {
    tell("");
    if (lane.output.kind === "schema") attempt(() => schemaOf(lane.output.schema), tell, () => {});
    changed();
  };
  box.addEventListener("input", () => ((lane.output.schema = box.value), check()));
  const select = h("select", {}, ...offered.map(([kind, label]) => h("option", { value: kind, selected: kind === lane.output.kind }, label)));
  select.addEventListener("change", () => {
    lane.output.kind = select.value as Lane["output"]["kind"];
    if (lane.output.kind === "schema" && !lane.output.schema) box.value = lane.output.schema = SCHEMA;
    whole.hidden = lane.output.kind !== "schema";
    check();
  });
  whole.hidden = lane.output.kind !== "schema";
  yield field("Answer as", "", select).whole;
  yield whole;
}

function* tools(lane: Lane, catalogue: Catalogue, changed: () => void): Generator<HTMLElement> {
  const box = h("textarea", { rows: lane.tools ? 10 : 3, spellcheck: "false", value: lane.tools, class: "mono", placeholder: "JSON: one function or a list" });
  const { whole, tell } = field("Functions it may call", "It asks for a call, you type the result, and it goes on.", box);
  const read = (): void => {
    lane.tools = box.value;
    tell("");
    attempt(() => toolsOf(box.value), tell, () => {});
    changed();
  };
  box.addEventListener("input", read);
  const example = h("button", { type: "button", onclick: () => ((box.value = TOOL), (box.rows = 10), read()) }, "Put an example");
  if (!lane.tools) whole.append(example);
  yield whole;
  const choice = catalogue.controls.find((control) => control.name === "tool_choice");
  yield choiceField("tool_choice", choice?.meaning ?? "", ["auto", "none", "required"], lane.values.tool_choice as string, (value) => {
    if (value === undefined) delete lane.values.tool_choice;
    else lane.values.tool_choice = value;
    changed();
  });
}

function attempt(read: () => unknown, tell: (problem: string) => void, put: (value?: unknown) => void): void {
  try {
    put(read());
    tell("");
  } catch (error) {
    tell((error as Error).message);
    put(undefined);
  }
}

const plain = (text: string): string => text.replaceAll("`", "");
