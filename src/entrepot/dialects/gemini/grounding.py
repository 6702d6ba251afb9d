"""What a text rests on: grounding and citation metadata to citations, citations to grounding metadata, and token probabilities.

Google counts places in bytes of UTF-8, citations here count characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.gemini.told import Candidate, some
from entrepot.dialects.voice import encode
from entrepot.values.conversation import Citation

_MOST = 500
"""More citations of one answer than anybody looks at."""


class _Page(msgspec.Struct):
    uri: str | None = None
    title: str | None = None


class _Chunk(msgspec.Struct):
    web: _Page | None = None
    retrievedContext: _Page | None = None
    maps: _Page | None = None


class _Segment(msgspec.Struct):
    startIndex: int = 0
    endIndex: int | None = None
    text: str | None = None


class _Support(msgspec.Struct):
    segment: _Segment | None = None
    groundingChunkIndices: list[int] | None = None


class _Grounding(msgspec.Struct):
    groundingChunks: list[_Chunk] | None = None
    groundingSupports: list[_Support] | None = None


class _Cited(msgspec.Struct):
    uri: str | None = None
    title: str | None = None
    startIndex: int = 0
    endIndex: int | None = None


class _Citations(msgspec.Struct):
    """The Gemini API says `citationSources`, Vertex AI `citations`."""

    citationSources: list[_Cited] | None = None
    citations: list[_Cited] | None = None


_decode_grounding = msgspec.json.Decoder(_Grounding).decode
_decode_citations = msgspec.json.Decoder(_Citations).decode


def citations_of(candidate: Candidate, pieces: Sequence[str]) -> list[Citation]:
    """What the candidate says its text rests on. Metadata of another shape say nothing.

    pieces  the text as it came; it is joined only when there is something to look up in it
    """
    found: list[Citation] = []
    try:
        if some(candidate.groundingMetadata):
            grounding = _decode_grounding(candidate.groundingMetadata)
            found += _grounded(grounding, "".join(pieces)) if grounding.groundingChunks else ()
        if some(candidate.citationMetadata):
            found += _cited(_decode_citations(candidate.citationMetadata), "".join(pieces))
    except (msgspec.DecodeError, RecursionError):
        pass
    return found[:_MOST]


def _grounded(told: _Grounding, text: str) -> Iterable[Citation]:
    pages = [chunk.web or chunk.retrievedContext or chunk.maps or _Page() for chunk in told.groundingChunks or ()]
    written = text.encode()
    supports = told.groundingSupports or []
    for support in supports:
        segment = support.segment or _Segment()
        start, end = _place(written, text, segment.startIndex, segment.endIndex, segment.text)
        for number in support.groundingChunkIndices or ():
            if 0 <= number < len(pages):
                yield Citation(pages[number].uri or "", pages[number].title or "", segment.text or "", start, end)
    if not supports:
        for page in pages:
            yield Citation(page.uri or "", page.title or "")


def _cited(told: _Citations, text: str) -> Iterable[Citation]:
    written = text.encode()
    for cited in told.citationSources or told.citations or ():
        start, end = _place(written, text, cited.startIndex, cited.endIndex, None)
        yield Citation(cited.uri or "", cited.title or "", text[start:end] if start >= 0 else "", start, end)


def _place(written: bytes, text: str, start: int, end: int | None, segment: str | None) -> tuple[int, int]:
    """Bytes to characters; where the words do not stand there, wherever they do; (-1, -1) when nowhere."""
    if end is not None and 0 <= start <= end <= len(written):
        first = len(written[:start].decode(errors="ignore"))
        last = first + len(written[start:end].decode(errors="ignore"))
        if segment is None or text[first:last] == segment:
            return first, last
    at = text.find(segment) if segment else -1
    return (at, at + len(segment)) if segment and at >= 0 else (-1, -1)


def grounding_of(citations: Sequence[tuple[str, Citation]]) -> dict[str, Any]:
    """Grounding metadata for citations, each with the text it belongs to."""
    pages: dict[tuple[str, str], int] = {}
    supports: dict[tuple[int, int, str], list[int]] = {}
    for text, citation in citations:
        number = pages.setdefault((citation.url, citation.title), len(pages))
        if citation.start >= 0:
            first = len(text[: citation.start].encode(errors="replace"))
            words = text[citation.start : citation.end]
            supports.setdefault((first, first + len(words.encode(errors="replace")), words), []).append(number)
    return {
        "groundingChunks": [{"web": {"uri": url, "title": title}} for url, title in pages],
        "groundingSupports": [
            {"segment": {"startIndex": first, "endIndex": last, "text": words}, "groundingChunkIndices": numbers}
            for (first, last, words), numbers in supports.items()
        ],
    }


# Token probabilities


class _Chosen(msgspec.Struct):
    token: str = ""
    logProbability: float = 0.0


class _Top(msgspec.Struct):
    candidates: list[_Chosen] | None = None


class _Result(msgspec.Struct):
    chosenCandidates: list[_Chosen] | None = None
    topCandidates: list[_Top] | None = None


_decode_result = msgspec.json.Decoder(_Result).decode


def logprobs_of(raw: Raw) -> Raw:
    """Google's `logprobsResult` in Chat's form; nothing when it is of another shape."""
    try:
        told = _decode_result(raw)
    except (msgspec.DecodeError, RecursionError):
        return Raw(b"[]")
    tops = told.topCandidates or []
    tokens = []
    for position, chosen in enumerate(told.chosenCandidates or ()):
        top = tops[position].candidates or [] if position < len(tops) else []
        tokens.append({**_chat_token(chosen), "top_logprobs": [_chat_token(other) for other in top]})
    return Raw(encode(tokens))


def _chat_token(chosen: _Chosen) -> dict[str, Any]:
    return {"token": chosen.token, "logprob": chosen.logProbability, "bytes": list(chosen.token.encode())}


class _Token(msgspec.Struct):
    token: str = ""
    logprob: float = 0.0
    top_logprobs: list[_Token] = []


_decode_tokens = msgspec.json.Decoder(list[_Token]).decode


def google_logprobs(raw: Raw) -> dict[str, Any]:
    """Chat's token probabilities as Google's `logprobsResult`."""
    tokens = _decode_tokens(raw)
    return {
        "chosenCandidates": [_google_token(token) for token in tokens],
        "topCandidates": [{"candidates": [_google_token(other) for other in token.top_logprobs]} for token in tokens],
    }


def _google_token(token: _Token) -> dict[str, Any]:
    return {"token": token.token, "logProbability": token.logprob}
