// What the pages do beyond being read: copy buttons, tabs for languages, code colours.
import { colourCode, frame } from "./lib/code";
import { copyButton } from "./lib/copy";

function frameAll(): void {
  document.querySelectorAll<HTMLPreElement>("pre").forEach(frame);
  document.querySelectorAll<HTMLElement>("[data-copy]").forEach((text) => text.after(copyButton(() => text.textContent ?? "")));
  document.querySelectorAll<HTMLElement>(".scroll").forEach((frame) => {
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", frame.querySelector("caption")?.textContent ?? "Table");
  });
}

function markWhereWeAre(): void {
  document.querySelectorAll<HTMLAnchorElement>(".top nav a:not(.brand)").forEach((link) => {
    const { pathname } = new URL(link.href);
    if (location.pathname === pathname || location.pathname.startsWith(`${pathname}/`)) link.setAttribute("aria-current", "page");
  });
}

function makeTabs(): void {
  document.querySelectorAll<HTMLElement>("[data-tabs]").forEach((group) => {
    const panels = [...group.querySelectorAll<HTMLElement>(":scope > section")];
    const list = document.createElement("div");
    list.className = "tabs";
    list.setAttribute("role", "tablist");
    const buttons = panels.map((panel, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("role", "tab");
      button.textContent = panel.dataset.title ?? String(place + 1);
      button.addEventListener("click", () => show(place));
      button.addEventListener("keydown", (event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (step) show((place + step + panels.length) % panels.length, true);
      });
      panel.setAttribute("role", "tabpanel");
      list.append(button);
      return button;
    });
    const show = (chosen: number, focus = false): void => {
      panels.forEach((panel, place) => (panel.hidden = place !== chosen));
      buttons.forEach((button, place) => {
        button.setAttribute("aria-selected", String(place === chosen));
        button.tabIndex = place === chosen ? 0 : -1;
      });
      if (focus) buttons[chosen].focus();
    };
    group.prepend(list);
    group.classList.add("tabbed");
    show(0);
  });
}

// On a phone the list of pages would stand before the page itself. The style sheet hides it until it is folded, so that nothing moves.
function foldSide(): void {
  if (matchMedia("(max-width: 800px)").matches) document.querySelector(".side > details")?.removeAttribute("open");
  document.documentElement.dataset.folded = "on";
}

// A choice is a question already; typing is one when Enter is pressed. Empty fields stay out of the address.
function submitChoices(): void {
  document.querySelectorAll<HTMLFormElement>("form[data-live]").forEach((form) => {
    form.addEventListener("change", (event) => {
      if (event.target instanceof HTMLSelectElement || (event.target as HTMLInputElement).type === "checkbox") form.requestSubmit();
    });
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
    });
  });
}

submitChoices();
foldSide();
markWhereWeAre();
frameAll();
void colourCode(document);
makeTabs();
