// Elements in one expression: attributes by name, listeners as `onclick`, children as nodes or text.
type Value = string | number | boolean | null | undefined | ((event: any) => unknown);
export type Child = Node | string | number | null | undefined | false;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  given: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "value") (element as unknown as HTMLInputElement).value = String(value ?? "");
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string | number => child !== null && child !== undefined && child !== false).map((child) => (typeof child === "number" ? String(child) : child)));
  return element;
}

export function find<T extends HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

let numbered = 0;
export const uniqueId = (prefix: string): string => `${prefix}-${++numbered}`;

// A dialog that removes itself when it is closed; what had the focus has it again.
export function sheet(title: string, className: string, ...children: Child[]): HTMLDialogElement {
  const id = uniqueId("sheet");
  const close: HTMLButtonElement = h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => dialog.close() }, "×");
  const head = h("header", { class: "sheet-head" }, h("h2", { id }, title), close);
  const dialog: HTMLDialogElement = h("dialog", { class: `sheet ${className}`, "aria-labelledby": id }, head, ...children);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
