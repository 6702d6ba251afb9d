// The conversations of this browser: searched, opened, renamed, deleted, carried out and in.
import { find, h, sheet } from "../lib/dom";
import { asJson, asMarkdown, download, fromJson } from "./carry";
import type { Head, Store } from "./store";
import { titleOf, type Talk } from "./talk";

export interface PastDeeds {
  current(): Talk;
  open(id: string): void;
  gone(id: string): void;
  renamed(talk: Talk): void;
}

export class Past {
  private readonly list = find<HTMLUListElement>("#past-list");
  private readonly search = find<HTMLInputElement>("#past-search");
  private readonly note = find<HTMLElement>("#past-note");

  constructor(private readonly store: Store, private readonly deeds: PastDeeds) {
    this.search.addEventListener("input", () => void this.show());
    find("#export-all").addEventListener("click", () => void this.exportAll());
    const files = find<HTMLInputElement>("#import-file");
    find("#import").addEventListener("click", () => files.click());
    files.addEventListener("change", () => void this.import(files));
  }

  async show(): Promise<void> {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const heads = await this.store.heads();
    const found = heads.filter((head) => words.every((word) => head.title.toLowerCase().includes(word) || head.words.includes(word)));
    this.list.replaceChildren(...found.map((head) => this.row(head)));
    if (!this.store.lasts) this.tell("This browser keeps nothing for this page: chats end with the tab.");
    else this.tell(heads.length ? (found.length ? "" : "No chat has these words.") : "Chats you have are kept here, in this browser only.");
  }

  private tell(text: string): void {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  private row(head: Head): HTMLElement {
    const current = head.id === this.deeds.current().id;
    const open = h("button", { type: "button", class: "past-open", "aria-current": current ? "true" : undefined, onclick: () => this.deeds.open(head.id) }, h("span", {}, head.title), h("time", { datetime: new Date(head.changed).toISOString() }, when(head.changed)));
    const more = h("button", { type: "button", class: "quiet", "aria-label": `More for ${head.title}`, onclick: () => void this.more(head) }, "⋯");
    return h("li", {}, open, more);
  }

  private async more(head: Head): Promise<void> {
    const talk = await this.store.get(head.id);
    if (!talk) return this.show();
    const name = h("input", { id: "talk-title", value: titleOf(talk), maxlength: 200 });
    const rename = async (event: Event): Promise<void> => {
      event.preventDefault();
      talk.title = name.value.trim();
      await this.store.put(talk);
      this.deeds.renamed(talk);
      dialog.close();
      await this.show();
    };
    const remove = async (): Promise<void> => {
      await this.store.delete(head.id);
      this.deeds.gone(head.id);
      dialog.close();
      await this.show();
    };
    const file = titleOf(talk).replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "chat";
    const dialog = sheet(
      "This chat",
      "narrow",
      h("form", { class: "stack", onsubmit: rename }, h("label", { for: "talk-title" }, "Name"), name, h("button", { type: "submit", class: "primary" }, "Rename")),
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", onclick: () => download(`${file}.md`, asMarkdown(talk), "text/markdown") }, "Export Markdown"),
        h("button", { type: "button", onclick: () => download(`${file}.json`, asJson([talk]), "application/json") }, "Export JSON"),
        h("button", { type: "button", class: "danger", onclick: remove }, "Delete"),
      ),
    );
  }

  private async exportAll(): Promise<void> {
    download("entrepot-chats.json", asJson(await this.store.all()), "application/json");
  }

  private async import(files: HTMLInputElement): Promise<void> {
    const [file] = files.files ?? [];
    files.value = "";
    if (!file) return;
    try {
      const talks = fromJson(await file.text());
      for (const talk of talks) await this.store.put(talk);
      await this.show();
      this.tell(`${talks.length} ${talks.length === 1 ? "chat" : "chats"} taken in.`);
    } catch (error) {
      this.tell((error as Error).message);
    }
  }
}

function when(ms: number): string {
  const date = new Date(ms);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false }) : date.toISOString().slice(0, 10);
}
