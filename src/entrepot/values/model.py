"""Models and endpoints: what is on offer."""

from __future__ import annotations

import msgspec

from entrepot.values.price import Price


class Reasoning(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a model reasons.

    efforts            accepted words, strongest first; empty: it takes none
    default_effort     what the provider assumes when nothing is sent ("" unknown)
    mandatory          it cannot be switched off
    takes_max_tokens   a budget in tokens may be given instead of an effort
    sampling           when temperature, top_p, penalties, logit_bias and logprobs are accepted:
                       "always", "unless_reasoning" (only at effort none) or "never"
    """

    efforts: tuple[str, ...] = ()
    default_effort: str = ""
    mandatory: bool = False
    takes_max_tokens: bool = False
    default_enabled: bool | None = None
    sampling: str = "always"


class Benchmark(msgspec.Struct, frozen=True, omit_defaults=True):
    """A result that somebody published of a model.

    unit    as "%" or "Elo"; "" where the value has none
    source  the address where it stands; `date` (ISO) is when it was published there, or else read
    note    under which conditions, as "high effort, no tools"
    """

    name: str
    value: float
    source: str
    date: str
    unit: str = ""
    note: str = ""


class Model(msgspec.Struct, frozen=True, omit_defaults=True):
    """An LLM as callers ask for it. `id` is `author/slug[:variant]`; `price` is the maker's list price."""

    id: str
    name: str
    canonical_slug: str
    created: int
    price: Price
    context_length: int | None = None
    max_completion_tokens: int | None = None
    description: str = ""
    input_modalities: tuple[str, ...] = ("text",)
    output_modalities: tuple[str, ...] = ("text",)
    tokenizer: str = "Other"
    supported_parameters: tuple[str, ...] = ()
    default_parameters: dict[str, float | None] = {}
    reasoning: Reasoning | None = None
    knowledge_cutoff: str | None = None
    expiration_date: str | None = None
    successor: str | None = None
    hugging_face_id: str | None = None
    is_moderated: bool = False
    aliases: tuple[str, ...] = ()
    alias_target: str | None = None
    """for `~author/family-latest` rows: the model it stands for"""
    pinned: bool = False
    """a dated snapshot: it never resolves to anything else"""
    dimensions: int | None = None
    """numbers in each of its embeddings; fewer may be asked for where `dimensions` is a supported parameter"""
    supported_voices: tuple[str, ...] | None = None
    distillable: bool | None = None
    """whether its maker lets other models be trained on what it writes; None: not known"""
    benchmarks: tuple[Benchmark, ...] = ()
    later_prices: tuple[Price, ...] = ()
    """announced prices, each with the date it takes effect"""
    source: str = ""
    as_of: str = ""

    @property
    def author(self) -> str:
        return self.id.partition("/")[0].lstrip("~")

    @property
    def makes_embeddings(self) -> bool:
        return "embeddings" in self.output_modalities


class Endpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """One model at one provider. `id` is `model@provider[/tag]`.

    upstream_model   the name the provider knows it by
    off_reason       why it cannot be used now ("" when it can), in words an operator can act on
    max_tokens_field the spelling the provider demands: "max_tokens" or "max_completion_tokens"
    dialect          the wire format it speaks
    family           who makes and takes back its opaque reasoning state; "" is the dialect's own
    """

    id: str
    model: str
    provider: str
    upstream_model: str
    price: Price
    context_length: int | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    supported_parameters: tuple[str, ...] = ()
    reasoning: Reasoning | None = None
    max_tokens_field: str = "max_tokens"
    quantization: str | None = None
    tag: str = ""
    data_policy: str = "unknown"
    """unknown, trains, retains or zdr (kept nowhere)"""
    region: str = ""
    """where it runs, as `values.regions` has it; "" is not known"""
    off_reason: str = ""
    dialect: str = "openai_chat"
    family: str = ""

    @property
    def on(self) -> bool:
        return not self.off_reason
