// The documentation's search field: "/" goes to it, and what is found is shown while one types.

const field = document.querySelector<HTMLInputElement>("#seek");
let asked = "";
let waiting = 0;

async function show(question: string): Promise<void> {
  const answer = await fetch(`/docs/search?q=${encodeURIComponent(question)}`);
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("article");
  const place = document.querySelector("article");
  if (!answer.ok || !found || !place || question !== asked) return;
  place.replaceWith(found);
  history.replaceState(null, "", `/docs/search?q=${encodeURIComponent(question)}`);
}

field?.addEventListener("input", () => {
  clearTimeout(waiting);
  asked = field.value.trim();
  if (asked) waiting = window.setTimeout(() => void show(asked), 120);
});

document.addEventListener("keydown", (event) => {
  const elsewhere = !(event.target instanceof Element) || !event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && elsewhere && !event.ctrlKey && !event.metaKey && !event.altKey && field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
  if (event.key === "ArrowDown" && event.target === field) {
    event.preventDefault();
    document.querySelector<HTMLElement>(".hits a")?.focus();
  }
});
