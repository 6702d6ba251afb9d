"""The documentation pages: the repository's `docs/*.md`, rendered when first read."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec
from markdown_it import MarkdownIt

_GROUPS = {"learn": "Learn", "do": "Do", "look-up": "Look up", "understand": "Understand"}


class DocPage(msgspec.Struct, frozen=True):
    path: str
    title: str
    html: str


class DocPages:
    """`index` groups pages by what the reader is about; `find` gives one by its path."""

    def __init__(self) -> None:
        root = _root()
        markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        self._pages: dict[str, DocPage] = {}
        self.index: dict[str, list[DocPage]] = {}
        for folder, group in _GROUPS.items():
            names = sorted(entry.name for entry in (root / folder).iterdir() if entry.name.endswith(".md"))
            self.index[group] = [self._read(root / folder / name, f"/docs/{folder}/{name[:-3]}", markdown) for name in names]
        self._read(root / "index.md", "/docs", markdown)

    def find(self, path: str) -> DocPage | None:
        return self._pages.get(path.rstrip("/") or "/docs")

    def _read(self, place: Traversable, path: str, markdown: MarkdownIt) -> DocPage:
        text = place.read_text(encoding="utf8")
        title = text.partition("\n")[0].lstrip("# ").strip()
        html = markdown.render(text).replace('<pre><code class="language-', '<pre><code data-language="')
        html = html.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")
        page = self._pages[path] = DocPage(path, title, _anchored(html))
        return page


def _anchored(html: str) -> str:
    """Headings that are one word or code get an id, so that errors can point at them."""
    out = []
    for piece in html.split("<h3>"):
        head, mark, rest = piece.partition("</h3>")
        plain = head.replace("<code>", "").replace("</code>", "")
        out.append(f'<h3 id="{plain}">{head}{mark}{rest}' if mark and plain.isidentifier() else ("<h3>" if mark else "") + piece)
    return "".join(out)


def _root() -> Traversable:
    """In a wheel the pages lie beside this file; in a checkout at the top of the repository."""
    packed = files("entrepot.web") / "docs"
    return packed if packed.is_dir() else Path(__file__).resolve().parents[3] / "docs"
