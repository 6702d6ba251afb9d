"""How one model is called: for each task a sample in every language, with the reader's own address and the model's slug.

A task is a file of `sample_code`: its name, what it does, then the code for each language and what that prints with a test key.
`…` stands for what differs from run to run.
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files

import msgspec

from entrepot.values.model import Model
from entrepot.web.samples import Sample

_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQMAAABJtOi3AAAABlBMVEXP6PALX3pavblPAAAAEElEQVR4"
    "2mNgoDL4DwRUJAD3Jz/Bdit4YQAAAABJRU5ErkJggg=="
)
"""Sky above, sea below."""
_LANGUAGES = {
    "curl": ("curl", "bash"),
    "openai": ("Python, openai", "python"),
    "anthropic": ("Python, anthropic", "python"),
    "requests": ("Python, requests", "python"),
    "fetch": ("JavaScript", "javascript"),
    "typescript": ("TypeScript, openai", "typescript"),
    "binding": ("TypeScript, env.AI", "typescript"),
}
_DOCS = {
    "answer": "python",
    "stream": "streaming",
    "tools": "tools",
    "json": "structured-output",
    "schema": "structured-output",
    "reasoning": "reasoning",
    "image": "pictures-and-files",
    "embeddings": "embeddings",
    "responses": "responses",
    "messages": "messages",
}
"""Pages below `/docs/do`."""
_PATHS = {"embeddings": "/api/v1/embeddings", "responses": "/api/v1/responses", "messages": "/api/v1/messages"}
_CHAT = "/api/v1/chat/completions"
_PART = re.compile(r"^=== (\w+)\n", re.M)


class Task(msgspec.Struct, frozen=True):
    """One thing to do with a model.

    prints       what every program prints with a test key; `prints_curl` what curl shows
    path, docs   the path that it calls, and the page that explains it
    """

    key: str
    title: str
    about: str
    path: str
    docs: str
    samples: tuple[Sample, ...]
    prints: str
    prints_curl: str


def titles(model: Model) -> dict[str, str]:
    """The tasks that the model can do, by their key. None for a model that makes neither text nor embeddings."""
    return {key: _parts(key)["title"] for key in _keys(model)}


def task(model: Model, key: str, base_url: str) -> Task | None:
    """The first one when the model knows none of this key."""
    keys = _keys(model)
    if not keys:
        return None
    key = key if key in keys else keys[0]
    parts = {name: _filled(text, model, base_url) for name, text in _parts(key).items()}
    samples = tuple(Sample(*_LANGUAGES[name], text) for name, text in parts.items() if name in _LANGUAGES)
    told = parts["title"], parts["about"], _PATHS.get(key, _CHAT), f"/docs/do/{_DOCS[key]}"
    return Task(key, *told, samples, parts["prints"], parts["prints_curl"])


def _keys(model: Model) -> list[str]:
    if model.makes_embeddings:
        return ["embeddings"]
    if "text" not in model.output_modalities:
        return []
    takes = model.supported_parameters
    can = {
        "tools": "tools" in takes,
        "json": "response_format" in takes,
        "schema": "structured_outputs" in takes,
        "reasoning": model.reasoning is not None,
        "image": "image" in model.input_modalities,
    }
    return ["answer", "stream", *(key for key, able in can.items() if able), "responses", "messages"]


@functools.cache
def _parts(key: str) -> dict[str, str]:
    head, *rest = _PART.split((files("entrepot.web") / "sample_code" / f"{key}.txt").read_text(encoding="utf8"))
    title, about = head.strip().split("\n")
    return {"title": title, "about": about} | {name: code.strip("\n") for name, code in zip(rest[::2], rest[1::2], strict=True)}


def _filled(text: str, model: Model, base_url: str) -> str:
    for mark, value in (("BASE", base_url), ("SLUG", model.id), ("EFFORT", _effort(model)), ("PICTURE", _PICTURE)):
        text = text.replace(mark, value)
    return text


def _effort(model: Model) -> str:
    """A small one that the model takes."""
    efforts = model.reasoning.efforts if model.reasoning is not None else ()
    thinking = [effort for effort in efforts if effort != "none"]
    return "low" if "low" in thinking or not thinking else thinking[-1]
