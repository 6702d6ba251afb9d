// Code on a page: a frame with a copy button, and colours once the page has been drawn.
import { copyButton } from "./copy";

// What scrolls sideways can be reached and moved by keys. The button stands beside what scrolls, so that it stays in its corner.
export function frame(block: HTMLPreElement): void {
  const around = document.createElement("div");
  around.className = "code";
  block.replaceWith(around);
  block.tabIndex = 0;
  around.append(block, copyButton(() => block.querySelector("code")?.textContent ?? ""));
}

// Colours come after the text: what they need is fetched when nothing that the page waits for is on its way.
export async function colourCode(within: ParentNode): Promise<void> {
  const blocks = [...within.querySelectorAll<HTMLElement>("pre code[data-language]")];
  if (!blocks.length) return;
  await drawn();
  const { colour } = await import("./highlight");
  for (const code of blocks) colour(code, code.dataset.language ?? "");
}

function drawn(): Promise<void> {
  return new Promise((resolve) => {
    if (document.readyState === "complete") resolve();
    else addEventListener("load", () => resolve(), { once: true });
  });
}
