// The chat page: several models side by side, each conversation a tree, kept in the reader's browser.
import { fetchCatalogue, modelOf, type Catalogue } from "./chat/catalogue";
import { ACCEPTED, Tray } from "./chat/files";
import { askForKey, currentKey, isTest, makeTestKey } from "./chat/key";
import { LaneView } from "./chat/lane";
import { openPanel } from "./chat/panel";
import { Past } from "./chat/past";
import { pickModel } from "./chat/picker";
import { bodyOf } from "./chat/request";
import { samplesOf } from "./chat/samples";
import { Store } from "./chat/store";
import { add, branchAt, isEmpty, laneAnew, laneBeside, newId, newLane, newTalk, path, ROOT, titleOf, turnTo, unanswered, type Attachment, type Lane, type Talk, type Turn } from "./chat/talk";
import { copyButton } from "./lib/copy";
import { find, h, sheet } from "./lib/dom";

const MOST_LANES = 4;
const USUAL = "openai/gpt-5.1";
const LAST_MODELS = "entrepot.chat.models";

class Chat {
  private readonly root = find("#chat");
  private readonly lanesPlace = find("#lanes");
  private readonly tabs = find("#lane-tabs");
  private readonly live = find("#live");
  private readonly note = find("#composer-note");
  private readonly box = find<HTMLTextAreaElement>("#message");
  private readonly send = find<HTMLButtonElement>("#send");
  private readonly keyButton = find<HTMLButtonElement>("#key");
  private readonly system = find<HTMLTextAreaElement>("#system");
  private readonly tray = new Tray(find("#tray"), Number(this.root.dataset.mostBytes), (problem) => this.tell(problem));
  private readonly past: Past;
  private views: LaneView[] = [];
  private shownLane = 0;

  constructor(private readonly catalogue: Catalogue, private readonly store: Store, private talk: Talk) {
    this.past = new Past(store, {
      current: () => this.talk,
      open: (id) => void this.open(id),
      gone: (id) => id === this.talk.id && this.begin(),
      renamed: (talk) => talk.id === this.talk.id && this.show({ ...this.talk, title: talk.title }),
    });
    this.listen();
    this.show(talk);
    this.tellKey();
    void this.past.show();
  }

  private listen(): void {
    find("#composer").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.busy) this.stop();
      else void this.ask();
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.busy) void this.ask();
    });
    this.box.addEventListener("input", () => this.fit());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.busy && !document.querySelector("dialog[open]")) this.stop();
    });
    find("#new-chat").addEventListener("click", () => this.begin());
    find("#add-lane").addEventListener("click", () => void this.addLane());
    for (const name of ["#open-past", "#close-past"]) find(name).addEventListener("click", () => this.togglePast());
    this.keyButton.addEventListener("click", () => void askForKey().then(() => this.tellKey()));
    this.system.addEventListener("change", () => {
      this.talk.system = this.system.value;
      void this.keep();
    });
    this.listenForFiles();
  }

  private listenForFiles(): void {
    const picker = find<HTMLInputElement>("#files");
    picker.accept = ACCEPTED;
    find("#attach").addEventListener("click", () => picker.click());
    picker.addEventListener("change", () => void this.tray.take([...(picker.files ?? [])]).then(() => (picker.value = "")));
    this.box.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      void this.tray.take(files);
    });
    const carriesFiles = (event: DragEvent): boolean => [...(event.dataTransfer?.types ?? [])].includes("Files");
    this.root.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.root.classList.add("dropping");
    });
    this.root.addEventListener("dragleave", (event) => event.target === this.root && this.root.classList.remove("dropping"));
    this.root.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.root.classList.remove("dropping");
      void this.tray.take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  private get busy(): boolean {
    return this.views.some((view) => view.busy);
  }

  private show(talk: Talk): void {
    this.talk = talk;
    this.system.value = talk.system;
    find<HTMLDetailsElement>("#system-fold").open = Boolean(talk.system);
    find("#talk-name").textContent = isEmpty(talk) && !talk.title ? "New chat" : titleOf(talk);
    this.views = talk.lanes.map((lane) => new LaneView(lane, talk, this.catalogue, this.deedsOf(lane), this.live));
    this.lanesPlace.replaceChildren(...this.views.map((view) => view.whole));
    this.lanesPlace.style.setProperty("--lanes", String(talk.lanes.length));
    find<HTMLButtonElement>("#add-lane").disabled = talk.lanes.length >= MOST_LANES;
    this.showTabs();
    rememberModels(talk.lanes.map((lane) => lane.model));
    for (const view of this.views) view.draw();
  }

  // On a phone one lane is seen at a time.
  private showTabs(): void {
    this.shownLane = Math.min(this.shownLane, this.views.length - 1);
    this.tabs.hidden = this.views.length < 2;
    this.tabs.replaceChildren(...this.views.map((view, place) => h("button", { type: "button", "aria-pressed": String(place === this.shownLane), onclick: () => ((this.shownLane = place), this.showTabs()) }, modelOf(this.catalogue, view.lane.model).name)));
    this.views.forEach((view, place) => view.whole.classList.toggle("shown", place === this.shownLane));
  }

  private deedsOf(lane: Lane): LaneView["deeds"] {
    return {
      busy: () => this.busy,
      edit: (turn, text) => void this.ask(text, turn),
      again: (turn) => void this.run([this.viewOf(lane)], lane.turns[turn.parent]),
      branch: (turn) => this.branch(lane, turn),
      turnTo: (turn) => {
        turnTo(this.talk, lane, turn);
        this.redraw();
        void this.keep();
      },
      answer: (turn, results) => void this.giveResults(lane, turn, results),
      changeKey: () => void askForKey().then(() => this.tellKey()),
      pick: () => void this.changeModel(lane),
      settings: () => void openPanel(lane, this.catalogue, modelOf(this.catalogue, lane.model), () => this.viewOf(lane).drawHead()).then(() => this.keep()),
      code: () => this.showCode(lane),
      remove: () => this.removeLane(lane),
    };
  }

  private viewOf(lane: Lane): LaneView {
    return this.views.find((view) => view.lane === lane) as LaneView;
  }

  private redraw(): void {
    for (const view of this.views) view.draw();
  }

  // `instead` is a message that this one takes the place of, as another branch.
  async ask(text = this.box.value.trim(), instead?: Turn): Promise<void> {
    if (this.busy || (!text && !this.tray.files.length)) return;
    const open = instead ? undefined : this.views.find((view) => unanswered(view.lane));
    if (open) return this.tell("A tool was called: give its result first, or edit the message before it.");
    const problem = this.problemOf(instead?.attachments ?? this.tray.files);
    if (problem) return this.tell(problem);
    const key = await this.key();
    if (!key) return;
    const attachments = instead ? instead.attachments : this.tray.empty();
    const turn = newId();
    const asked = this.views.filter((view) => !instead || twin(view.lane, instead));
    for (const { lane } of asked) {
      const parent = instead ? (twin(lane, instead) as Turn).parent : (path(lane).at(-1)?.id ?? ROOT);
      add(lane, { id: newId(), parent, turn, role: "user", text, attachments });
    }
    if (!instead) {
      this.box.value = "";
      this.fit();
    }
    this.tell("");
    await this.run(asked);
  }

  private problemOf(files: Attachment[]): string {
    const blind = this.views.map((view) => modelOf(this.catalogue, view.lane.model)).find((model) => !model.reads.includes("image"));
    return blind && files.some((file) => file.kind === "image") ? `${blind.name} does not read pictures. Take them off, or choose another model.` : "";
  }

  private async giveResults(lane: Lane, turn: Turn, results: string[]): Promise<void> {
    if (this.busy) return;
    const given = (turn.calls ?? []).map((call, place) => ({ id: call.id, name: call.name, content: results[place] }));
    add(lane, { id: newId(), parent: turn.id, turn: newId(), role: "tools", text: "", results: given });
    await this.run([this.viewOf(lane)]);
  }

  private async run(views: LaneView[], to?: Turn): Promise<void> {
    const key = await this.key();
    if (!key) return;
    this.talk.changed = Date.now();
    const all = views.map((view) => view.answer(key, to));
    this.tellBusy();
    find("#talk-name").textContent = titleOf(this.talk);
    await this.keep();
    for (const one of all) void one.then(() => this.tellBusy());
    await Promise.all(all);
    this.tellBusy();
    await this.keep();
  }

  private stop(): void {
    for (const view of this.views) view.stop();
    this.box.focus();
  }

  private tellBusy(): void {
    this.send.textContent = this.busy ? "Stop" : "Send";
    this.root.classList.toggle("busy", this.busy);
  }

  private async key(): Promise<string> {
    const key = currentKey() || (await makeTestKey().catch(() => "")) || (await askForKey("A key is needed to ask."));
    this.tellKey();
    return key;
  }

  private tellKey(): void {
    const key = currentKey();
    this.keyButton.textContent = !key ? "No key yet" : isTest(key) ? "Test key" : "Live key";
    this.keyButton.title = isTest(key) ? "The sandbox answers, at no cost" : "";
  }

  private tell(text: string): void {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  private fit(): void {
    this.box.rows = Math.min(10, Math.max(2, this.box.value.split("\n").length));
  }

  private async keep(): Promise<void> {
    if (isEmpty(this.talk) && !this.talk.system) return;
    await this.store.put(this.talk).catch(() => this.tell("This browser has no room left for chats: delete or export some."));
    history.replaceState(null, "", `/chat#${this.talk.id}`);
    await this.past.show();
  }

  private async open(id: string): Promise<void> {
    this.stop();
    const talk = await this.store.get(id);
    if (talk) this.show(talk);
    history.replaceState(null, "", `/chat#${id}`);
    this.root.classList.remove("past-shown");
    await this.past.show();
    this.box.focus();
  }

  private begin(): void {
    this.stop();
    history.replaceState(null, "", "/chat");
    this.root.classList.remove("past-shown");
    this.show({ ...newTalk([]), lanes: this.talk.lanes.map(laneAnew) });
    void this.past.show();
    this.box.focus();
  }

  private branch(lane: Lane, turn: Turn): void {
    if (this.busy) return;
    this.show(branchAt(this.talk, lane, turn));
    void this.keep();
    this.box.focus();
  }

  private togglePast(): void {
    const shown = this.root.classList.toggle("past-shown");
    find("#open-past").setAttribute("aria-expanded", String(shown));
    find(shown ? "#past-search" : "#open-past").focus();
  }

  private async addLane(): Promise<void> {
    const id = await pickModel(this.catalogue.models, "");
    if (!id || this.busy) return;
    const [first] = this.talk.lanes;
    this.talk.lanes.push(isEmpty(this.talk) ? newLane(id) : laneBeside(id, first));
    this.shownLane = this.talk.lanes.length - 1;
    this.show(this.talk);
    await this.keep();
  }

  private removeLane(lane: Lane): void {
    if (this.busy) return;
    this.talk.lanes = this.talk.lanes.filter((one) => one !== lane);
    this.show(this.talk);
    void this.keep();
    this.box.focus();
  }

  private async changeModel(lane: Lane): Promise<void> {
    const id = await pickModel(this.catalogue.models, lane.model);
    if (!id || this.busy || id === lane.model) return;
    // Settings belong to the model that was: what the new one takes may differ.
    Object.assign(lane, { model: id, values: {}, reasoning: {} });
    this.show(this.talk);
    await this.keep();
  }

  private showCode(lane: Lane): void {
    const place = h("div");
    try {
      const turns = path(lane);
      const draft: Turn[] = this.box.value.trim() || !turns.length ? [{ id: "", parent: "", turn: "", role: "user", text: this.box.value.trim() || "Hello" }] : [];
      const said = draft.length ? [...turns, ...draft] : turns.slice(0, turns.findLastIndex((turn) => turn.role !== "assistant") + 1);
      for (const sample of samplesOf(bodyOf(this.talk, lane, said), location.origin)) {
        const code = h("code", {}, sample.code.replace(/(data:[\w/+.-]+;base64,[\w+/]{40})[\w+/=]+/g, "$1…"));
        place.append(h("h3", {}, sample.title), h("div", { class: "code" }, h("pre", { tabindex: "0" }, code), copyButton(() => sample.code)));
        void import("./lib/highlight").then(({ colour }) => colour(code, sample.language));
      }
    } catch (error) {
      place.append(h("p", { class: "notice", role: "alert" }, (error as Error).message));
    }
    sheet("This call as code", "wide", h("p", { class: "dim" }, "Runs as it stands with a key in ", h("code", {}, "ENTREPOT_API_KEY"), "."), place);
  }
}

const twin = (lane: Lane, wanted: Turn): Turn | undefined => Object.values(lane.turns).find((turn) => turn.turn === wanted.turn && turn.role === "user");

function rememberModels(models: string[]): void {
  try {
    localStorage.setItem(LAST_MODELS, JSON.stringify(models));
  } catch {
    return;
  }
}

function lastModels(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(LAST_MODELS) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string").slice(0, MOST_LANES) : [];
  } catch {
    return [];
  }
}

async function begin(): Promise<void> {
  const [catalogue, store] = await Promise.all([fetchCatalogue(), Store.open()]);
  const query = new URLSearchParams(location.search);
  const named = [...query.getAll("model"), ...(query.get("models") ?? "").split(",")];
  const wished = [...new Set(named.filter(Boolean))].slice(0, MOST_LANES);
  const kept = wished.length ? undefined : await store.get(location.hash.slice(1));
  const fallback = catalogue.models.find((model) => model.id === USUAL) ?? catalogue.models[0];
  const models = wished.length ? wished : lastModels();
  const chat = new Chat(catalogue, store, kept ?? newTalk(models.length ? models : [fallback?.id ?? USUAL]));
  const box = find<HTMLTextAreaElement>("#message");
  const prompt = query.get("prompt")?.trim() ?? "";
  box.value ||= prompt;
  box.disabled = false;
  box.focus();
  // Asked at once when a page of ours sent the reader; a link from elsewhere must not spend their money.
  if (prompt && document.referrer.startsWith(`${location.origin}/`)) await chat.ask();
}

begin().catch((error: Error) => {
  find("#lanes").replaceChildren(h("p", { class: "notice", role: "alert" }, `${error.message} Load the page again.`));
});
