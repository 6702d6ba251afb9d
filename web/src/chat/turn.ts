// How one turn looks: what was said, what came of it, and what can be done with it.
import { copyButton } from "../lib/copy";
import { h, type Child } from "../lib/dom";
import { preview } from "./files";
import { finish, renderInto } from "./markdown";
import { children, type Call, type Facts, type Lane, type Trouble, type Turn } from "./talk";

export interface Deeds {
  busy(): boolean;
  edit(turn: Turn, text: string): void;
  again(turn: Turn): void;
  branch(turn: Turn): void;
  turnTo(turn: Turn): void;
  answer(turn: Turn, results: string[]): void;
  changeKey(): void;
}

export interface Shown {
  whole: HTMLElement;
  // Shows what has come since; `over` when nothing more will.
  update(over: boolean): void;
}

export function showTurn(lane: Lane, turn: Turn, deeds: Deeds): Shown {
  if (turn.role === "user") return showQuestion(lane, turn, deeds);
  if (turn.role === "tools") return showResults(turn);
  return showAnswer(lane, turn, deeds);
}

function showQuestion(lane: Lane, turn: Turn, deeds: Deeds): Shown {
  const said = h("div", { class: "said" }, turn.text);
  const files = turn.attachments?.length ? h("div", { class: "attachments" }, ...turn.attachments.map(preview)) : null;
  const edit = button("Edit", () => !deeds.busy() && editor(whole, turn, deeds));
  const whole = h("article", { class: "turn user", "aria-label": "You" }, files, turn.text ? said : null, h("footer", {}, switcher(lane, turn, deeds), edit));
  return { whole, update: () => {} };
}

function editor(whole: HTMLElement, turn: Turn, deeds: Deeds): void {
  const kept = [...whole.childNodes];
  const back = (): void => {
    whole.replaceChildren(...kept);
    whole.querySelector<HTMLElement>("footer button:last-child")?.focus();
  };
  const box = h("textarea", { "aria-label": "Edit your message", rows: Math.min(12, turn.text.split("\n").length + 1), value: turn.text });
  const send = (): void => {
    if (box.value.trim()) deeds.edit(turn, box.value);
  };
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      back();
    }
  });
  whole.replaceChildren(h("div", { class: "editing" }, box, h("footer", {}, button("Send", send, "primary"), button("Cancel", back))));
  box.focus();
}

function showResults(turn: Turn): Shown {
  const rows = (turn.results ?? []).map((result) => h("div", { class: "call" }, h("h4", {}, "Result of ", h("code", {}, result.name)), h("pre", { tabindex: "0" }, result.content || "(nothing)")));
  return { whole: h("article", { class: "turn tools", "aria-label": "Results of tools" }, ...rows), update: () => {} };
}

function showAnswer(lane: Lane, turn: Turn, deeds: Deeds): Shown {
  const whole = h("article", { class: "turn assistant", "aria-label": turn.model ?? "Model" });
  const thought = h("div", { class: "thought" });
  const thinking = h("details", { class: "thinking" }, h("summary", {}, "Reasoning"), thought);
  const prose = h("div", { class: "prose" });
  const foot = h("div", { class: "foot" });
  let drawn = "";
  const update = (over: boolean): void => {
    whole.setAttribute("aria-busy", String(!over));
    thinking.hidden = !turn.reasoning;
    if (thought.textContent !== turn.reasoning) thought.textContent = turn.reasoning ?? "";
    thinking.firstElementChild!.textContent = over || turn.text ? reasoned(turn) : "Reasoning …";
    if (turn.text !== drawn) renderInto(prose, (drawn = turn.text));
    prose.classList.toggle("waiting", !over && !turn.text && !turn.reasoning && !turn.calls?.length);
    if (over) {
      void finish(prose);
      foot.replaceChildren(...footOf(lane, turn, deeds).filter((child): child is Node => child instanceof Node));
    }
  };
  whole.append(thinking, prose, foot);
  return { whole, update };
}

function reasoned(turn: Turn): string {
  const tokens = turn.facts?.reasoning;
  return tokens ? `Reasoning, ${tokens.toLocaleString("en")} tokens` : "Reasoning";
}

function footOf(lane: Lane, turn: Turn, deeds: Deeds): Child[] {
  const open = turn.calls?.length && !children(lane, turn.id).some((next) => next.role === "tools");
  return [
    turn.refusal ? h("p", { class: "notice" }, `It refused: ${turn.refusal}`) : null,
    turn.trouble ? showTrouble(turn.trouble, deeds) : null,
    turn.calls?.length ? (open ? askForResults(turn, turn.calls, deeds) : h("div", {}, ...turn.calls.map(showCall))) : null,
    turn.stopped ? h("p", { class: "dim" }, "Stopped; what came is kept.") : null,
    !turn.trouble && turn.facts?.finish === "length" ? h("p", { class: "dim" }, "It reached its length: raise max_completion_tokens for more.") : null,
    turn.facts?.adjusted ? h("p", { class: "dim" }, `Adjusted: ${turn.facts.adjusted}`) : null,
    factsLine(turn.facts ?? {}),
    h("footer", {}, switcher(lane, turn, deeds), turn.text ? copyButton(() => turn.text, "quiet") : null, button("Regenerate", () => !deeds.busy() && deeds.again(turn)), button("Branch", () => deeds.branch(turn), "quiet", "Branch into a new chat from here")),
  ];
}

function showTrouble(trouble: Trouble, deeds: Deeds): HTMLElement {
  return h(
    "div",
    { class: "notice", role: "alert" },
    h("p", {}, h("strong", {}, trouble.status ? `${trouble.status}: ` : ""), trouble.message),
    trouble.remedy ? h("p", {}, trouble.remedy) : trouble.retryable ? h("p", {}, "Trying again may help.") : null,
    trouble.generation ? h("p", { class: "dim" }, "Generation ", h("code", {}, trouble.generation)) : null,
    trouble.status === 401 ? button("Change the key", deeds.changeKey) : null,
  );
}

function showCall(call: Call): HTMLElement {
  return h("div", { class: "call" }, h("h4", {}, "Calls ", h("code", {}, call.name)), h("pre", { tabindex: "0" }, pretty(call.arguments)));
}

function askForResults(turn: Turn, calls: Call[], deeds: Deeds): HTMLElement {
  const boxes = calls.map((call) => h("textarea", { rows: 2, "aria-label": `Result of ${call.name}`, placeholder: "What the function gives back", spellcheck: "false" }));
  const send = (event: Event): void => {
    event.preventDefault();
    deeds.answer(turn, boxes.map((box) => box.value));
  };
  return h("form", { class: "answering", onsubmit: send }, ...calls.flatMap((call, place) => [showCall(call), boxes[place]]), h("button", { type: "submit", class: "primary" }, "Go on with these results"));
}

export function factsLine(facts: Facts): HTMLElement | null {
  const seconds = facts.total_ms !== undefined && facts.first_ms !== undefined ? (facts.total_ms - facts.first_ms) / 1000 : 0;
  const pace = facts.completion && seconds > 0.05 ? facts.completion / seconds : 0;
  const told: [string, string][] = [
    ["Cost", facts.cost === undefined ? "" : `${dollars(facts.cost)}${facts.test ? " at list price; nothing charged" : ""}`],
    ["Tokens in", facts.prompt === undefined ? "" : `${facts.prompt.toLocaleString("en")} in${facts.cached ? `, ${facts.cached.toLocaleString("en")} cached` : ""}`],
    ["Tokens out", facts.completion === undefined ? "" : `${facts.completion.toLocaleString("en")} out`],
    ["Pace", pace ? `${pace >= 100 ? Math.round(pace).toLocaleString("en") : pace.toFixed(1)} tok/s` : ""],
    ["Time to first token", facts.first_ms === undefined ? "" : `first after ${(facts.first_ms / 1000).toFixed(2)} s`],
    ["Provider", facts.provider ?? ""],
  ];
  const shown = told.filter(([, value]) => value);
  return shown.length ? h("dl", { class: "facts" }, ...shown.map(([name, value]) => h("div", {}, h("dt", { class: "unseen" }, name), h("dd", {}, value)))) : null;
}

// As many digits as say something: a thousandth of a cent has none in two decimals.
export function dollars(amount: number): string {
  if (amount === 0) return "$0";
  const digits = Math.max(2, 2 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(Math.min(digits, 9)).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
}

function switcher(lane: Lane, turn: Turn, deeds: Deeds): HTMLElement | null {
  const all = children(lane, turn.parent).filter((one) => one.role === turn.role);
  if (all.length < 2) return null;
  const place = all.indexOf(turn);
  const step = (by: number, label: string, text: string): HTMLElement => {
    const there = all[place + by];
    return h("button", { type: "button", class: "quiet", "aria-label": label, disabled: !there, onclick: () => !deeds.busy() && there && deeds.turnTo(there) }, text);
  };
  return h("span", { class: "switcher" }, step(-1, "The version before", "‹"), h("span", {}, `${place + 1}/${all.length}`), step(1, "The next version", "›"));
}

function button(text: string, onclick: () => unknown, className = "quiet", label = ""): HTMLButtonElement {
  return h("button", { type: "button", class: className, "aria-label": label || undefined, title: label || undefined, onclick }, text);
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
