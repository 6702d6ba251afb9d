// Colours for code; a piece of its own, so that only pages with code fetch it.
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

// Code in a language that is not known stays as it is.
export function colour(code: HTMLElement, language: string): void {
  if (hljs.getLanguage(language)) code.innerHTML = hljs.highlight(code.textContent ?? "", { language }).value;
}
