// What a screen reader hears of a text that grows: each piece once, when it is a whole sentence or paragraph, and who says it.
import { h } from "../lib/dom";

const MOST_WAITING = 400;

export class Speech {
  private said = 0;

  constructor(private readonly region: HTMLElement, private readonly speaker: string) {}

  hear(text: string, over = false): void {
    const fresh = text.slice(this.said);
    const ends = [...fresh.matchAll(/[.!?:](?=\s)|\n/g)].at(-1);
    const upTo = over ? fresh.length : ends ? ends.index + 1 : fresh.length > MOST_WAITING ? fresh.length : 0;
    const piece = fresh.slice(0, upTo).trim();
    if (piece) this.say(this.said === 0 ? `${this.speaker}: ${piece}` : piece);
    this.said += upTo;
  }

  say(text: string): void {
    this.region.append(h("p", {}, text));
    while (this.region.childElementCount > 20) this.region.firstElementChild?.remove();
  }
}
