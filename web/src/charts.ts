// Values under the pointer and the keys, for drawings that are there already; they are read from the table beside each.
import { colourCode, frame } from "./lib/code";

type Reading = { bucket: string; values: string[] };

function readings(table: HTMLTableElement): Reading[] {
  const rows = [...table.tBodies[0].rows].map((row) => {
    const [bucket, ...values] = [...row.cells].map((cell) => cell.textContent ?? "");
    return { bucket, values };
  });
  return rows.reverse();
}

function line(name: string, value: string, colour: string): HTMLElement {
  const row = document.createElement("span");
  const figure = document.createElement("b");
  row.className = colour;
  figure.textContent = value;
  row.append(name, figure);
  return row;
}

function enliven(chart: HTMLElement): void {
  const plot = chart.querySelector<HTMLElement>(".plot");
  const table = chart.querySelector("table");
  const cursor = chart.querySelector<SVGLineElement>(".cursor");
  const tip = chart.querySelector<HTMLElement>(".tip");
  if (!plot || !table || !cursor || !tip) return;
  const heads = [...(table.tHead?.rows[0].cells ?? [])].slice(1);
  const points = readings(table);
  let shown = -1;

  const show = (place: number): void => {
    shown = Math.max(0, Math.min(points.length - 1, place));
    const { bucket, values } = points[shown];
    const share = (shown + 0.5) / points.length;
    cursor.setAttribute("x1", `${share * 100}%`);
    cursor.setAttribute("x2", `${share * 100}%`);
    cursor.style.visibility = "visible";
    const head = document.createElement("strong");
    head.textContent = bucket;
    tip.replaceChildren(head, ...heads.map((cell, number) => line(cell.textContent ?? "", values[number], cell.dataset.colour ?? "")));
    tip.hidden = false;
    const left = share * plot.clientWidth;
    const fits = left + 12 + tip.offsetWidth <= plot.clientWidth;
    tip.style.left = `${fits ? left + 12 : Math.max(0, left - 12 - tip.offsetWidth)}px`;
  };
  const hide = (): void => {
    tip.hidden = true;
    cursor.style.visibility = "hidden";
  };

  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    show(Math.floor(((event.clientX - box.left) / box.width) * points.length));
  });
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("focus", () => {
    if (plot.matches(":focus-visible")) show(points.length - 1);
  });
  plot.addEventListener("keydown", (event) => {
    const places: Record<string, number> = { ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0, End: points.length - 1 };
    if (event.key === "Escape") return hide();
    if (!(event.key in places)) return;
    event.preventDefault();
    show(places[event.key]);
  });
}

// Who reads Python reads it in the next task too. A browser may forbid storage; then each task begins with the first language.
function keepLanguage(): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>(".samples [role=tab]")];
  try {
    const kept = sessionStorage.getItem("language");
    buttons.find((button) => button.textContent === kept)?.click();
  } catch {
    return;
  }
  const keep = (): void => {
    const chosen = buttons.find((button) => button.getAttribute("aria-selected") === "true");
    sessionStorage.setItem("language", chosen?.textContent ?? "");
  };
  buttons.forEach((button) => ["click", "focus"].forEach((event) => button.addEventListener(event, keep)));
}

// A schema is long, so it is fetched when it is opened; the link to it stays for who has no scripts, and where it does not come.
function openSchemas(): void {
  document.querySelectorAll<HTMLDetailsElement>("details[data-from]").forEach((details) => {
    details.addEventListener("toggle", async () => {
      const from = details.dataset.from;
      delete details.dataset.from;
      if (!from) return;
      const answer = await fetch(from).catch(() => null);
      if (!answer?.ok) return;
      const block = document.createElement("pre");
      const code = document.createElement("code");
      code.dataset.language = "json";
      code.textContent = await answer.text();
      block.append(code);
      details.append(block);
      frame(block);
      void colourCode(details);
    });
  });
}

document.querySelectorAll<HTMLElement>("[data-chart]").forEach(enliven);
openSchemas();
keepLanguage();
// The tab one is on is in sight, also on a phone; the page itself stays where it is.
for (const chosen of document.querySelectorAll(".switch [aria-current], .spans [aria-current]")) {
  const row = chosen.parentElement as HTMLElement;
  const aside = chosen.getBoundingClientRect().left - row.getBoundingClientRect().left;
  row.scrollLeft += aside - (row.clientWidth - chosen.clientWidth) / 2;
}
