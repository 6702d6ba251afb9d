// What the pages do beyond being read: copy buttons, tabs for languages, code colours.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import ini from "highlight.js/lib/languages/ini";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";

for (const [name, language] of Object.entries({ bash, toml: ini, javascript, json, python, typescript })) {
  hljs.registerLanguage(name, language);
}

function colourCode(): void {
  document.querySelectorAll<HTMLElement>("pre code").forEach((code) => {
    const language = code.dataset.language ?? "";
    if (hljs.getLanguage(language)) code.innerHTML = hljs.highlight(code.textContent ?? "", { language }).value;
  });
}

function addCopyButtons(): void {
  document.querySelectorAll<HTMLElement>("pre").forEach((block) => {
    const button = copyButton(() => block.querySelector("code")?.textContent ?? "");
    // The button stands beside what scrolls, so that it stays in its corner.
    const frame = document.createElement("div");
    frame.className = "code";
    block.replaceWith(frame);
    frame.append(block, button);
  });
  document.querySelectorAll<HTMLElement>("[data-copy]").forEach((text) => text.after(copyButton(() => text.textContent ?? "")));
}

function copyButton(read: () => string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await copy(read());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
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

// On a phone the list of pages would stand before the page itself.
function foldSide(): void {
  if (matchMedia("(max-width: 800px)").matches) document.querySelector(".side details")?.removeAttribute("open");
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
colourCode();
addCopyButtons();
makeTabs();
