"""Client bytes to a request for embeddings, or an error that names the field and what would mend it."""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.dialects.body import Words, read_body
from entrepot.dialects.openai_embeddings.wire import MOST_INPUTS, NAME, Content, EmbeddingRequest
from entrepot.errors import InvalidRequest
from entrepot.values.media import media_of
from entrepot.values.request import Asked

_KNOWN = frozenset(EmbeddingRequest.__struct_fields__)
_decode = msgspec.json.Decoder(EmbeddingRequest).decode
_KINDS = {
    "image_url": "image",
    "input_audio": "audio",
    "input_video": "video",
    "video_url": "video",
    "file": "file",
    "input_file": "file",
}


class Embedding(Asked, kw_only=True):
    """A request for embeddings. `said` is an `EmbeddingRequest`."""

    @property
    def items(self) -> list[Any]:
        """One for each vector wanted: a text, a list of tokens, or a `Content`."""
        given = self.said.input
        return [given] if isinstance(given, str) or isinstance(given[0], int) else given

    @property
    def may_point(self) -> bool:
        """Never: an address in a text is only text here."""
        return False

    def countable(self) -> tuple[Any, Any]:
        return [_plain(item) for item in self.items], None


def _plain(item: Any) -> Any:
    return {"content": msgspec.to_builtins(item.content)} if isinstance(item, Content) else item


def parse(body: bytes) -> Embedding:
    """raises  InvalidRequest"""
    said, fields = read_body(body, _decode, _WORDS)
    _check(said)
    parts = [part.type for item in said.input if isinstance(item, Content) for part in item.content]
    return Embedding(
        dialect=NAME,
        fields=fields,
        size=len(body),
        slugs=(said.model,) if said.model else (),
        unknown=tuple(fields.keys() - _KNOWN),
        preferences=said.provider,
        parameters=frozenset(name for name in _KNOWN if getattr(said, name) is not None),
        media=media_of([_KINDS[kind] for kind in parts if kind in _KINDS]),
        user=said.user or "",
        session_id=said.session_id or "",
        said=said,
    )


def _check(said: EmbeddingRequest) -> None:
    """One list has items of one kind, and not too many; a text part has its text."""
    items = said.input
    if isinstance(items, str):
        return
    kind = type(items[0])
    for place, item in enumerate(items):
        if type(item) is not kind:
            raise InvalidRequest(
                f"`input[{place}]` is {_SHOWN[type(item)]}, but `input[0]` is {_SHOWN[kind]}.",
                field=f"input[{place}]",
                expected=_SHOWN[kind],
                received=_SHOWN[type(item)],
                remedy="Send items of one kind: texts, tokens, lists of tokens, or objects with `content`.",
            )
        for number, part in enumerate(item.content if isinstance(item, Content) else ()):
            if part.type == "text" and not part.text:
                path = f"input[{place}].content[{number}].text"
                raise InvalidRequest(
                    f"`{path}` is empty.", field=path, expected="text", received="nothing", remedy="Give the part its text."
                )
    if kind is not int and len(items) > MOST_INPUTS:
        raise InvalidRequest(
            f"`input` has {len(items):,} items.",
            field="input",
            expected=f"at most {MOST_INPUTS:,}",
            received=f"{len(items)}",
            remedy="Send them in several requests.",
        )


_SHOWN: dict[type, str] = {str: "a text", int: "a token", list: "a list of tokens", Content: "an object with content"}


def _expected(told: str, path: str) -> str:
    if path == "encoding_format":
        return "float or base64"
    if path.startswith("input") and path.endswith("type"):
        return "one of text, image_url, input_audio, input_video, file"
    if path.startswith("input") and "length >= 1" in told:
        return "something to embed"
    if path.startswith("input") and "content" not in path and "Expected" in told and "length" not in told and ">=" not in told:
        return "a text, tokens, or a list of texts, of lists of tokens, or of objects with `content`"
    return ""


def _remedy(path: str) -> str:
    if path.startswith("input"):
        return "Send a text that is not empty, or a list of such."
    return ""


_WORDS = Words(_expected, _remedy)
