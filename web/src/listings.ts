// Lists without a page load: what is chosen or typed is fetched as the page it would be, and put in the place of the old one.
const TYPING_MS = 220;
let asked = 0;

function list(): HTMLElement | null {
  return document.querySelector("[data-swap]");
}

async function go(address: string, keep: "push" | "replace" | "none"): Promise<void> {
  const mine = ++asked;
  const now = list();
  now?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector<HTMLElement>("[data-swap]");
    if (mine !== asked) return;
    if (!answer.ok || !now || !fresh) return location.assign(address);
    if (keep === "push") history.pushState(null, "", answer.url);
    if (keep === "replace") history.replaceState(null, "", answer.url);
    put(now, fresh);
  } catch {
    if (mine === asked) location.assign(address);
  }
}

// What is being typed, where the filters were scrolled to and which of them are open stay as they are.
function put(now: HTMLElement, fresh: HTMLElement): void {
  const typed = document.activeElement instanceof HTMLInputElement && document.activeElement.name === "q" ? document.activeElement : null;
  const focused = document.activeElement?.closest("a")?.querySelector("span")?.textContent;
  const open = [...now.querySelectorAll<HTMLDetailsElement>("details")].map((one) => [title(one), one.open] as const);
  const scrolled = now.querySelector(".side")?.scrollTop ?? 0;
  const was = new Map(open);
  fresh.querySelectorAll<HTMLDetailsElement>("details").forEach((one) => (one.open = was.get(title(one)) ?? one.open));
  now.replaceWith(fresh);
  const side = fresh.querySelector(".side");
  if (side) side.scrollTop = scrolled;
  if (typed) {
    const field = fresh.querySelector<HTMLInputElement>("[data-slash]");
    if (field) {
      field.value = typed.value;
      field.focus();
      field.setSelectionRange(typed.selectionStart, typed.selectionEnd);
    }
  } else if (focused) {
    [...fresh.querySelectorAll<HTMLAnchorElement>("aside a")].find((link) => link.querySelector("span")?.textContent === focused)?.focus();
  }
}

function title(one: HTMLDetailsElement): string {
  return (one.parentElement?.closest("details")?.querySelector("summary")?.textContent ?? "") + "/" + (one.querySelector("summary")?.textContent?.replace(/\d+/, "") ?? "");
}

function address(form: HTMLFormElement): string {
  const told = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") told.append(name, String(value));
  const query = told.toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
}

let waiting = 0;
document.addEventListener("input", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.matches("[data-swap] [data-slash]")) return;
  clearTimeout(waiting);
  waiting = window.setTimeout(() => field.form && go(address(field.form), "replace"), TYPING_MS);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-swap] .searching")) return;
  event.preventDefault();
  clearTimeout(waiting);
  void go(address(form), "push");
}, true);

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLElement && field.matches("[data-swap] .searching select, [data-swap] .searching input[type=number]")) {
    void go(address((field as HTMLInputElement).form as HTMLFormElement), "push");
    event.stopPropagation();
  }
}, true);

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest?.("a");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const swapped = list()?.dataset.swap;
  if (!swapped || link.pathname !== `/${swapped}` || link.origin !== location.origin || link.search.includes("use_rss")) return;
  event.preventDefault();
  void go(link.href, "push").then(() => link.closest(".pages") && window.scrollTo({ top: 0 }));
});

addEventListener("popstate", () => list() && go(location.href, "none"));

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")];
}

function step(by: number): void {
  const all = rows();
  const at = all.findIndex((row) => row.classList.contains("here"));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!next) return;
  all[at]?.classList.remove("here");
  next.classList.add("here");
  next.querySelector<HTMLAnchorElement>("a")?.focus();
  next.scrollIntoView({ block: "nearest" });
}

const KEYS: Record<string, (event: KeyboardEvent) => void> = {
  "/": (event) => {
    const field = document.querySelector<HTMLInputElement>("[data-slash]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  },
  j: () => step(1),
  k: () => step(-1),
  x: () => document.querySelector<HTMLInputElement>("[data-row].here .pick")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  const field = event.target as HTMLElement;
  if (field.matches("[data-slash]") && event.key === "ArrowDown") {
    event.preventDefault();
    return step(1);
  }
  if (field.matches("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
  if (rows().includes(field.closest("[data-row]") as HTMLElement) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    return step(event.key === "ArrowDown" ? 1 : -1);
  }
  KEYS[event.key]?.(event);
});
