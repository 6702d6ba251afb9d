// Choosing a model out of hundreds: a field that filters, a list that arrow keys walk along.
import { h, sheet } from "../lib/dom";
import type { Model } from "./catalogue";

const MOST_SHOWN = 60;

export function pickModel(models: Model[], now: string): Promise<string> {
  return new Promise((resolve) => {
    let chosen = "";
    let marked = 0;
    const list = h("ul", { class: "choices", id: "model-choices", role: "listbox", "aria-label": "Models" });
    const count = h("p", { class: "dim", role: "status" });
    const field = h("input", { type: "search", role: "combobox", "aria-label": "Search models", "aria-controls": "model-choices", "aria-expanded": "true", "aria-autocomplete": "list", placeholder: "Search by name or slug", autocomplete: "off", spellcheck: "false" });
    const choose = (id: string): void => {
      chosen = id;
      dialog.close();
    };
    const mark = (place: number): void => {
      const rows = [...list.children];
      marked = Math.min(Math.max(place, 0), rows.length - 1);
      rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === marked)));
      rows[marked]?.scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", rows[marked]?.id ?? "");
    };
    const show = (): void => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const found = models.filter((model) => words.every((word) => `${model.id} ${model.name}`.toLowerCase().includes(word)));
      list.replaceChildren(...found.slice(0, MOST_SHOWN).map((model, place) => row(model, place, model.id === now, choose)));
      count.textContent = found.length > MOST_SHOWN ? `${found.length} models, the first ${MOST_SHOWN} here` : `${found.length} ${found.length === 1 ? "model" : "models"}`;
      mark(words.length ? 0 : Math.max(found.findIndex((model) => model.id === now), 0));
    };
    field.addEventListener("input", show);
    field.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
      if (step) {
        event.preventDefault();
        mark(marked + step);
      } else if (event.key === "Enter") {
        event.preventDefault();
        (list.children[marked] as HTMLElement | undefined)?.click();
      }
    });
    const dialog = sheet("Choose a model", "tall", field, count, list);
    dialog.addEventListener("close", () => resolve(chosen));
    show();
    field.focus();
  });
}

function row(model: Model, place: number, current: boolean, choose: (id: string) => void): HTMLElement {
  const isFree = model.price?.every((rate) => rate === "$0.00");
  const price = isFree ? "free" : model.price ? `${model.price[0]} in · ${model.price[1]} out` : "";
  return h(
    "li",
    { role: "option", id: `model-choice-${place}`, "aria-selected": "false", class: current ? "current" : "", onclick: () => choose(model.id) },
    h("span", { class: "choice-name" }, model.name, h("code", {}, model.id)),
    h("span", { class: "choice-facts" }, price, h("span", { class: model.ready ? "berth on" : "berth" }, model.ready ? "ready" : "test keys only")),
  );
}
