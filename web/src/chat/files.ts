// Pictures and PDFs for a message: picked, pasted or dropped; read here, bounded by what the server takes.
import { h } from "../lib/dom";
import type { Attachment } from "./talk";

const IMAGES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
export const ACCEPTED = [...IMAGES, "application/pdf"].join(",");
const MOST_FILES = 10;

export class Tray {
  readonly files: Attachment[] = [];

  // Base64 takes a third more than the file, and the words need room beside it.
  constructor(private readonly place: HTMLElement, private readonly mostBytes: number, private readonly tell: (problem: string) => void) {}

  async take(given: Iterable<File>): Promise<void> {
    const problems: string[] = [];
    for (const file of given) {
      const problem = this.problemOf(file);
      if (problem) problems.push(problem);
      else this.files.push({ kind: file.type === "application/pdf" ? "pdf" : "image", name: file.name, size: file.size, data: await dataUrl(file) });
    }
    this.tell(problems.join(" "));
    this.show();
  }

  empty(): Attachment[] {
    const taken = this.files.splice(0);
    this.show();
    return taken;
  }

  private problemOf(file: File): string {
    if (![...IMAGES, "application/pdf"].includes(file.type)) return `${file.name}: PNG, JPEG, WebP, GIF and PDF can be read.`;
    if (this.files.length >= MOST_FILES) return `${file.name}: at most ${MOST_FILES} files in one message.`;
    const room = this.mostBytes * 0.7 - this.files.reduce((sum, one) => sum + one.size, 0);
    return file.size > room ? `${file.name}: ${bytes(file.size)} is too much; there is room for ${bytes(Math.max(room, 0))}.` : "";
  }

  private show(): void {
    const remove = (file: Attachment): void => {
      this.files.splice(this.files.indexOf(file), 1);
      this.show();
    };
    this.place.replaceChildren(...this.files.map((file) => h("li", {}, preview(file), h("button", { type: "button", class: "quiet", "aria-label": `Remove ${file.name}`, onclick: () => remove(file) }, "×"))));
    this.place.hidden = this.files.length === 0;
  }
}

export function preview(file: Attachment): HTMLElement {
  const caption = h("figcaption", {}, file.name, h("small", {}, bytes(file.size)));
  const picture = file.kind === "image" ? h("img", { src: file.data, alt: file.name }) : h("span", { class: "paper", "aria-hidden": "true" }, "PDF");
  return h("figure", { class: "attached" }, picture, caption);
}

export function bytes(count: number): string {
  return count < 1024 ? `${count} B` : count < 2 ** 20 ? `${Math.round(count / 1024)} KB` : `${(count / 2 ** 20).toFixed(1)} MB`;
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
