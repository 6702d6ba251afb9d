"""What an answer says, in order: the canonical events, the same for plain and streamed answers.

An answer is `Began`, then for each part `PartBegan`, its deltas and `PartEnded`, then `Finished` for each choice, with
`UsageSeen` anywhere. A plain answer is the same list with one delta for each part. `index` names a part within its choice: it
grows in the order in which parts begin and is never used twice. Parts may overlap (Chat streams parallel calls by number); a
writer whose dialect wants one block at a time takes events through `dialects.sequence.OneAtATime`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Raw

from entrepot.values.conversation import NOTHING, Audio, Citation, File, Foreign, Image, Opaque, Video
from entrepot.values.usage import Usage

Kind = Literal["text", "reasoning", "tool_call", "refusal", "media", "foreign"]
Finish = Literal["stop", "length", "tool_calls", "content_filter", "error"]


class Event(msgspec.Struct, frozen=True, gc=False):
    pass


class Began(Event, frozen=True, gc=False):
    """The provider's own names for this answer. Once, first."""

    id: str = ""
    model: str = ""
    service_tier: str = ""
    fingerprint: str = ""


class PartBegan(Event, frozen=True, gc=False):
    """id    of a tool call: the id that joins it to its result; of reasoning and text: the maker's name of the item
    name  of a tool call: the tool
    item  of a tool call: the maker's own id of the item
    part  the whole of a `media` or `foreign` part: those have no deltas
    """

    index: int
    kind: Kind
    choice: int = 0
    id: str = ""
    name: str = ""
    item: str = ""
    custom: bool = False
    family: str = ""
    phase: str = ""
    part: Image | Audio | Video | File | Foreign | None = None


class TextDelta(Event, frozen=True, gc=False):
    index: int
    text: str
    choice: int = 0


class ReasoningDelta(Event, frozen=True, gc=False):
    """A piece of what was thought, or, with a `section` of 0 or more, of that section of the maker's summary."""

    index: int
    text: str
    section: int = -1
    choice: int = 0


class RefusalDelta(Event, frozen=True, gc=False):
    index: int
    text: str
    choice: int = 0


class ArgumentsDelta(Event, frozen=True, gc=False):
    """A piece of a call's arguments: JSON text, or a custom tool's free text."""

    index: int
    text: str
    choice: int = 0


class StateDelta(Event, frozen=True, gc=False):
    """Opaque state of a reasoning, tool call or text part. Pieces of one kind are joined in order."""

    index: int
    state: Opaque
    choice: int = 0


class CitationAdded(Event, frozen=True, gc=False):
    index: int
    citation: Citation
    choice: int = 0


class LogprobsDelta(Event, frozen=True, gc=False):
    """More token probabilities of a part: a JSON array in Chat's form, `[{token, logprob, bytes, top_logprobs}]`."""

    index: int
    tokens: Raw
    choice: int = 0


class PartEnded(Event, frozen=True, gc=False):
    index: int
    choice: int = 0


class UsageSeen(Event, frozen=True, gc=False):
    """What has been used so far; a later one replaces it."""

    usage: Usage
    service_tier: str = ""


class Finished(Event, frozen=True, gc=False):
    """Why a choice is over, in Chat's words, and in the provider's own.

    stop  the stop sequence that matched, where told
    raw   more that the provider said about it, as it came, in the words of `dialect`
    """

    reason: Finish
    native: str = ""
    choice: int = 0
    stop: str | None = None
    raw: Raw = NOTHING
    dialect: str = ""


class Failed(Event, frozen=True, gc=False):
    """The provider said, inside an answer with a good status, that it failed. `payload` is the JSON of it. Last."""

    payload: bytes


class ForeignEvent(Event, frozen=True, gc=False):
    """Something that has no meaning here. It is counted and skipped."""

    name: str
    raw: Raw = NOTHING
