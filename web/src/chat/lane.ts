// One lane as it is seen: its model, what was said, and one generation at a time.
import { h } from "../lib/dom";
import { modelOf, type Catalogue } from "./catalogue";
import { setCount } from "./panel";
import { bodyOf } from "./request";
import { Speech } from "./speech";
import { generate, Refusal, settledFacts } from "./stream";
import { add, last, newId, path, ROOT, upTo, type Lane, type Talk, type Turn } from "./talk";
import { showTurn, type Deeds, type Shown } from "./turn";

export interface LaneDeeds extends Omit<Deeds, "busy"> {
  busy(): boolean;
  pick(): void;
  settings(): void;
  code(): void;
  remove(): void;
}

export class LaneView {
  readonly whole: HTMLElement;
  private readonly head = h("header", { class: "lane-head" });
  private readonly thread = h("div", { class: "thread", tabindex: "0" });
  private running: AbortController | null = null;

  constructor(readonly lane: Lane, private readonly talk: Talk, private readonly catalogue: Catalogue, private readonly deeds: LaneDeeds, private readonly live: HTMLElement) {
    this.whole = h("section", { class: "lane", id: `lane-${lane.id}` }, this.head, this.thread);
    this.drawHead();
    this.draw();
  }

  get busy(): boolean {
    return this.running !== null;
  }

  drawHead(): void {
    const model = modelOf(this.catalogue, this.lane.model);
    const set = setCount(this.lane);
    this.whole.setAttribute("aria-label", model.name);
    this.thread.setAttribute("aria-label", `Conversation with ${model.name}`);
    this.thread.setAttribute("role", "region");
    const name = h("button", { type: "button", class: "lane-model", title: model.id, onclick: this.deeds.pick }, h("span", {}, model.name), h("span", { "aria-hidden": "true" }, "▾"), h("span", { class: "unseen" }, ", choose another model"));
    const settings = h("button", { type: "button", class: "quiet", onclick: this.deeds.settings }, set ? `Settings (${set})` : "Settings");
    const code = h("button", { type: "button", class: "quiet", onclick: this.deeds.code }, "Code");
    const remove = this.talk.lanes.length > 1 ? h("button", { type: "button", class: "quiet", "aria-label": `Remove ${model.name}`, onclick: this.deeds.remove }, "×") : null;
    this.head.replaceChildren(...[name, settings, code, remove].filter((node) => node !== null));
  }

  draw(): void {
    const shown = path(this.lane).map((turn) => this.show(turn));
    this.thread.replaceChildren(...(shown.length ? shown.map((one) => one.whole) : [this.nothing()]));
    this.thread.scrollTop = this.thread.scrollHeight;
  }

  private show(turn: Turn): Shown {
    const shown = showTurn(this.lane, turn, { ...this.deeds, busy: () => this.deeds.busy() });
    shown.update(true);
    return shown;
  }

  private nothing(): HTMLElement {
    const model = modelOf(this.catalogue, this.lane.model);
    const price = model.price ? `${model.price[0]} in and ${model.price[1]} out, a million tokens` : "not priced by the token";
    const context = model.context ? `reads ${model.context.toLocaleString("en")} tokens` : "";
    const where = `/${model.id.split("/").map(encodeURIComponent).join("/")}`;
    return h("div", { class: "fresh" }, h("p", { class: "fresh-name" }, model.name), h("p", {}, h("code", {}, model.id)), h("p", { class: "dim" }, [price, context].filter(Boolean).join(" · ")), h("p", {}, h("a", { href: where }, "About this model")));
  }

  stop(): void {
    this.running?.abort();
  }

  // Asks for an answer to what the shown path ends with, or to `to`.
  async answer(key: string, to?: Turn): Promise<void> {
    const before = to ? upTo(this.lane, to) : path(this.lane);
    const question = before.at(-1);
    const turn = add(this.lane, { id: newId(), parent: question?.id ?? ROOT, turn: newId(), role: "assistant", text: "", model: this.lane.model });
    const speech = new Speech(this.live, this.talk.lanes.length > 1 ? modelOf(this.catalogue, turn.model ?? "").name : "Answer");
    this.draw();
    const shown = showTurn(this.lane, turn, { ...this.deeds, busy: () => this.deeds.busy() });
    shown.update(false);
    this.thread.lastElementChild?.replaceWith(shown.whole);
    this.follow();
    const running = (this.running = new AbortController());
    const draw = paced(() => {
      shown.update(false);
      speech.hear(turn.text);
      this.follow();
    });
    try {
      await generate(bodyOf(this.talk, this.lane, before), key, turn, running.signal, draw.soon);
    } catch (error) {
      if (running.signal.aborted) turn.stopped = true;
      else turn.trouble = error instanceof Refusal ? error.trouble : { message: (error as Error).message };
    } finally {
      draw.end();
      this.running = null;
    }
    shown.update(true);
    speech.hear(turn.text, true);
    if (turn.trouble) speech.say(turn.trouble.message);
    this.follow();
    if (turn.stopped && turn.facts?.generation) {
      Object.assign(turn.facts, await settledFacts(turn.facts.generation, key));
      shown.update(true);
    }
  }

  // Goes along with what is written, unless the reader has scrolled away to read.
  private follow(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.thread;
    if (scrollHeight - scrollTop - clientHeight < 160) this.thread.scrollTop = scrollHeight;
  }

  get end(): Turn | undefined {
    return last(this.lane);
  }
}

// A long text takes longer to draw: the pause between two times grows with it.
function paced(draw: () => void): { soon: () => void; end: () => void } {
  let timer = 0;
  let pause = 40;
  const now = (): void => {
    timer = 0;
    const began = performance.now();
    draw();
    pause = Math.min(500, Math.max(40, (performance.now() - began) * 4));
  };
  return { soon: () => (timer ||= window.setTimeout(now, pause)), end: () => clearTimeout(timer) };
}
