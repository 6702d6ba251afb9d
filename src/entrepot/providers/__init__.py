"""Companies that serve models: one declaration file each, found by listing this folder.

A declaration says where a provider lives, how it is greeted, what it speaks, in which named ways it departs from that, and which
models of the catalogue it is known to serve. Packages may ship more under the entry point group `entrepot.providers`.
"""

from __future__ import annotations

import enum
import functools
import importlib
import importlib.metadata
import pkgutil

import msgspec


class Quirk(enum.StrEnum):
    """Named ways in which a provider departs from its dialect. Each is handled in the dialect, never by a provider's name."""

    DEVELOPER_AS_SYSTEM = "developer_as_system"
    """knows only the role `system`"""
    NO_STREAM_OPTIONS = "no_stream_options"
    """refuses `stream_options`; sends usage anyway, or never"""
    RANDOM_SEED = "random_seed"
    """calls the seed `random_seed`"""
    TOOL_IDS_NINE = "tool_ids_nine"
    """demands tool call ids of nine letters and digits"""
    REASONING_CONTENT_BACK = "reasoning_content_back"
    """wants the reasoning text of assistant turns back as `reasoning_content`"""
    THINKING_SWITCH = "thinking_switch"
    """reasoning is switched by `thinking: {type}` beside `reasoning_effort`"""
    COMPLETION_EXCLUDES_REASONING = "completion_excludes_reasoning"
    """`completion_tokens` leave reasoning out; `total_tokens` have it"""
    KEEPS_OPENROUTER_FIELDS = "keeps_openrouter_fields"
    """understands OpenRouter's request and message fields, so they pass"""
    OUTPUT_DIMENSION = "output_dimension"
    """calls the length of embeddings `output_dimension`"""


class Auth(msgspec.Struct, frozen=True):
    """How a provider is greeted: a header, what stands before the secret, and the variables the secret is looked for in."""

    header: str = ""
    prefix: str = ""
    environment: tuple[str, ...] = ()


def bearer(*environment: str) -> Auth:
    return Auth("Authorization", "Bearer ", environment)


def header(name: str, *environment: str) -> Auth:
    return Auth(name, "", environment)


NO_AUTH = Auth()


class Offer(msgspec.Struct, frozen=True):
    """A model, or all of an author (`openai/*`, `*`), that a provider is known to serve.

    upstream_model  its name there; "" is the slug after the author, "{id}" the whole id
    price           USD per million tokens as decimal text; None is the model's list price
    off_from        the date (ISO) from which it is no longer served there
    dialect         another dialect than the provider's, for this model alone; an offer in `openai_embeddings` is of models that
                    make embeddings, every other of models that write text
    family          who makes and takes back its opaque reasoning state, where `Provider.families` does not tell
    supports        parameters it takes there beside those that the catalogue knows of the model
    """

    model: str
    upstream_model: str = ""
    price: dict[str, str] | None = None
    off_from: str = ""
    dialect: str = ""
    tag: str = ""
    family: str = ""
    supports: frozenset[str] = frozenset()


class Provider(msgspec.Struct, frozen=True):
    """base_url   up to and with the version; the dialect's own path, or `chat_path` where it has none, follows
    variables  what stands in braces in `base_url`, and the environment variable it is taken from
    families    by a piece of a model's name there: who makes and takes back its opaque reasoning state. The dialect's own
                where no piece fits
    signs_for   the name of an Amazon service: requests may be signed with Amazon's keys (`sigv4`) instead of a credential in
                `auth`. The region is the variable `region`
    region      where its endpoints run, as `values.regions` has it; "" is not known
    lacks       models that an offer of many would name and that it does not have
    refuses     request fields it answers with an error
    local_ports where it listens on this machine, when it is software rather than a company
    """

    slug: str
    name: str
    base_url: str
    dialect: str = "openai_chat"
    auth: Auth = NO_AUTH
    chat_path: str = "/chat/completions"
    quirks: frozenset[Quirk] = frozenset()
    offers: tuple[Offer, ...] = ()
    lacks: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    max_tokens_field: str = "max_tokens"
    variables: dict[str, str] = {}
    headers: dict[str, str] = {}
    data_policy: str = "unknown"
    privacy_policy_url: str = ""
    terms_of_service_url: str = ""
    status_page_url: str = ""
    headquarters: str = ""
    region: str = ""
    local_ports: tuple[int, ...] = ()
    families: dict[str, str] = {}
    signs_for: str = ""
    source: str = ""
    as_of: str = ""

    def dialect_of(self, offer: Offer | None = None) -> str:
        """What an endpoint here speaks."""
        return (offer.dialect if offer else "") or self.dialect

    def family_of(self, upstream_model: str, offer: Offer | None = None) -> str:
        """Whose opaque state an endpoint here makes and takes back; "" is its dialect's own."""
        if offer and offer.family:
            return offer.family
        return next((family for piece, family in self.families.items() if piece in upstream_model), "")


@functools.cache
def all_providers() -> dict[str, Provider]:
    """Every provider known, by slug: the files of this folder, then what installed packages add."""
    found: dict[str, Provider] = {}
    for module in pkgutil.iter_modules(__path__):
        declared = getattr(importlib.import_module(f"{__name__}.{module.name}"), "provider", None)
        if isinstance(declared, Provider):
            found[declared.slug] = declared
    for entry in importlib.metadata.entry_points(group="entrepot.providers"):
        declared = entry.load()
        if isinstance(declared, Provider):
            found.setdefault(declared.slug, declared)
    return found
