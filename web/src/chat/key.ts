// The key the page asks with. A test key is kept in the browser; a pasted one for this tab, unless the reader wants it kept.
import { h, sheet } from "../lib/dom";

const NAME = "entrepot.chat.key";
const TEST = "sk-ep-test-";

export const currentKey = (): string => read(() => sessionStorage) || read(() => localStorage);
export const isTest = (key: string): boolean => key.startsWith(TEST);

export function forgetKey(): void {
  for (const place of [() => sessionStorage, () => localStorage]) write(place, "");
}

function keep(key: string, lasting: boolean): void {
  forgetKey();
  write(lasting ? () => localStorage : () => sessionStorage, key);
}

function read(place: () => Storage): string {
  try {
    return place().getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

function write(place: () => Storage, key: string): void {
  try {
    if (key) place().setItem(NAME, key);
    else place().removeItem(NAME);
  } catch {
    return;
  }
}

// raises Error with what to do instead
export async function makeTestKey(): Promise<string> {
  const answer = await fetch("/chat/key", { method: "POST" }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!answer?.ok || typeof told?.key !== "string") {
    const about = told?.error;
    throw new Error(about ? `${about.message} ${about.metadata?.remedy_hint ?? ""}` : "The server could not be reached.");
  }
  keep(told.key, true);
  return told.key;
}

// Asks the reader; gives the key, or "" when they closed the sheet.
export function askForKey(why = ""): Promise<string> {
  return new Promise((resolve) => {
    let chosen = "";
    const now = currentKey();
    const problem = h("p", { class: "notice", role: "alert", hidden: true });
    const tell = (text: string): void => {
      problem.textContent = text;
      problem.hidden = !text;
    };
    const use = (key: string): void => {
      chosen = key;
      dialog.close();
    };
    const test = h("button", { type: "button", class: "primary", onclick: () => makeTestKey().then(use, (error: Error) => tell(error.message)) }, "Use a test key");
    const field = h("input", { id: "pasted-key", type: "password", autocomplete: "off", spellcheck: "false", placeholder: "sk-ep-…" });
    const lasting = h("input", { id: "keep-key", type: "checkbox" });
    const paste = (event: Event): void => {
      event.preventDefault();
      const key = field.value.trim();
      if (!/^[\x21-\x7e]{8,400}$/.test(key)) return tell("Paste a whole key: it begins with sk-ep- and has no spaces.");
      keep(key, lasting.checked || isTest(key));
      use(key);
    };
    const forget = h("button", { type: "button", onclick: () => (forgetKey(), dialog.close()) }, "Forget this key");
    const dialog = sheet(
      "Key",
      "narrow",
      why ? h("p", { class: "notice" }, why) : null,
      problem,
      h("h3", {}, "Try it"),
      h("p", {}, "The sandbox answers for every model, at no cost. The page makes itself a test key, kept in this browser."),
      test,
      h("h3", {}, "Or paste a key"),
      h(
        "form",
        { class: "stack", onsubmit: paste },
        h("label", { for: "pasted-key" }, "Key"),
        field,
        h("label", { class: "check", for: "keep-key" }, lasting, "Keep it in this browser after the tab is closed"),
        h("button", { type: "submit" }, "Use this key"),
      ),
      now ? h("p", { class: "dim" }, `Now in use: ${now.slice(0, isTest(now) ? 15 : 10)}…${now.slice(-4)} `, forget) : null,
    );
    dialog.addEventListener("close", () => resolve(chosen));
  });
}
