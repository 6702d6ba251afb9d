// What a model wrote, as HTML that cannot do anything: no markup of its own, no pictures from elsewhere, no styles, no scripts.
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { copyButton } from "../lib/copy";
import { h } from "../lib/dom";

const TAGS = "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup table tbody td th thead tr ul".split(" ");
const ATTRIBUTES = ["href", "title", "class", "align", "start"];
const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);

// A model's own tags are shown as text: they would be dropped anyway, and their styles would trip over the page's policy.
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escaped(text),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
  },
});

export function renderInto(place: HTMLElement, text: string): void {
  const html = marked.parse(text, { async: false });
  place.innerHTML = DOMPurify.sanitize(html, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i, ADD_URI_SAFE_ATTR: ["align", "start"] });
  for (const link of place.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  for (const table of place.querySelectorAll("table")) wrap(table, h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table" }));
}

// Once the text stands: colours, the language's name and a button to copy.
export async function finish(place: HTMLElement): Promise<void> {
  const blocks = [...place.querySelectorAll<HTMLElement>("pre > code")];
  if (!blocks.length) return;
  const { colour } = await import("../lib/highlight");
  for (const code of blocks) {
    const language = /language-([\w+#-]+)/.exec(code.className)?.[1] ?? "";
    const block = code.parentElement as HTMLElement;
    if (!block.isConnected || block.parentElement?.classList.contains("code")) continue;
    colour(code, ALIASES[language] ?? language);
    block.tabIndex = 0;
    const frame = wrap(block, h("div", { class: "code" }));
    if (language) frame.prepend(h("span", { class: "language" }, language));
    frame.append(copyButton(() => code.textContent ?? ""));
  }
}

const ALIASES: Record<string, string> = { py: "python", js: "javascript", ts: "typescript", sh: "bash", shell: "bash", tsx: "typescript", jsx: "javascript", console: "bash" };

function wrap(inner: HTMLElement, outer: HTMLElement): HTMLElement {
  inner.replaceWith(outer);
  outer.append(inner);
  return outer;
}
