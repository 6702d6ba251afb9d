"""The documentation pages: the repository's `docs/*.md`, rendered when the server starts, searched, and as text for programs."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec
from markdown_it import MarkdownIt

from entrepot.web.search import Hit, Section, anchor_of, search, sections

_GROUPS = {"learn": "Learn", "do": "Do", "look-up": "Look up", "understand": "Understand"}
_HEADING = re.compile(r"<(h[23])>(.*?)</\1>")
_TAG = re.compile(r"<[^>]+>")
_SENTENCE = re.compile(r"^.+?(?:\.(?=\s[A-Z`])|$)")


class DocPage(msgspec.Struct, frozen=True):
    path: str
    title: str
    html: str
    markdown: str

    @property
    def about(self) -> str:
        """The first sentence below the title."""
        prose = [part for part in self.markdown.split("\n\n")[1:] if not part.startswith(("#", "```", "|"))]
        found = _SENTENCE.match(" ".join(prose[0].removeprefix("- ").split())) if prose else None
        return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found[0].rstrip(":")) if found else ""


class DocPages:
    """`index` groups pages by what the reader is about; `find` gives one by its path."""

    def __init__(self) -> None:
        root = _root()
        markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        self._pages: dict[str, DocPage] = {}
        self._sections: list[Section] = []
        self.index: dict[str, list[DocPage]] = {}
        for folder, group in _GROUPS.items():
            names = sorted(entry.name for entry in (root / folder).iterdir() if entry.name.endswith(".md"))
            self.index[group] = [self._read(root / folder / name, f"/docs/{folder}/{name[:-3]}", markdown) for name in names]
        self._read(root / "index.md", "/docs", markdown)

    def find(self, path: str) -> DocPage | None:
        return self._pages.get(path.rstrip("/") or "/docs")

    def search(self, question: str) -> list[Hit]:
        return search(self._sections, question)

    def llms(self, base_url: str) -> str:
        """A list of the pages for programs that read, as llmstxt.org describes it."""
        said = [f"# Entrepot\n\n> {self._pages['/docs'].about}\n\nThe API as OpenAPI: {base_url}/openapi.json"]
        for group, pages in self.index.items():
            lines = [f"- [{page.title}]({base_url}{page.path}.md): {page.about}" for page in pages]
            said.append(f"## {group}\n\n" + "\n".join(lines))
        return "\n\n".join(said) + "\n"

    def whole(self) -> str:
        """Every page in one text."""
        return "\n\n".join(page.markdown.strip() for page in self._pages.values()) + "\n"

    def _read(self, place: Traversable, path: str, markdown: MarkdownIt) -> DocPage:
        text = place.read_text(encoding="utf8")
        title = text.partition("\n")[0].lstrip("# ").strip()
        html = markdown.render(text).replace('<pre><code class="language-', '<pre><code data-language="')
        html = html.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")
        self._sections += sections(path, text)
        page = self._pages[path] = DocPage(path, title, _HEADING.sub(_anchored, html), text)
        return page


@functools.cache
def doc_pages() -> DocPages:
    """Read and rendered once for all apps of a process."""
    return DocPages()


def _anchored(found: re.Match[str]) -> str:
    """Headings have ids, so that errors and findings can point at them."""
    tag, said = found[1], found[2]
    return f'<{tag} id="{anchor_of(_TAG.sub("", said))}">{said}</{tag}>'


def _root() -> Traversable:
    """In a wheel the pages lie beside this file; in a checkout at the top of the repository."""
    packed = files("entrepot.web") / "docs"
    return packed if packed.is_dir() else Path(__file__).resolve().parents[3] / "docs"
