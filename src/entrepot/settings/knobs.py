"""Every knob, once: name, type, default, unit, meaning.

Variables of the environment (`reading.py`) and the reference page (`describe`) follow from these declarations.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from entrepot.settings.environment import secret

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
DEMO_MARK = "demo.json"
"""The file that marks a data directory as a demo's."""


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on; 0 takes a free one.")] = 8080
    workers: Annotated[
        int, Meta(ge=1, le=256, description="Processes that share the port. Metrics and health are those of whichever answers.")
    ] = 1
    max_body_bytes: Annotated[Positive, Meta(description="Longest request body; more is answered 413.")] = 10 * 2**20
    max_header_bytes: Annotated[Positive, Meta(description="Longest request head; more is answered 431.")] = 64 * 2**10
    head_timeout_s: Annotated[
        Seconds, Meta(description="A client must have sent its request's head by then, and a body may pause so long.")
    ] = 30.0
    keep_alive_s: Annotated[Seconds, Meta(description="An idle client connection is closed after this.")] = 75.0
    chat_keys: Annotated[
        str,
        Meta(
            pattern="^(near|any|off)$",
            description="Who may have the chat page make a test key: browsers on this machine (near), anybody or nobody (off).",
        ),
    ] = "near"
    drain_s: Annotated[
        Seconds, Meta(description="On SIGTERM running generations may go on this long; a second signal stops at once.")
    ] = 30.0


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[
        str,
        Meta(
            pattern="^(|sqlite:///.+|postgres(ql)?://.*|env:.+|file:.+)$",
            description="sqlite:///PATH, or postgresql://user@host/db for many servers on one database; "
            "env:NAME or file:PATH holds such a URL; empty: entrepot.db in the data directory.",
        ),
    ] = ""
    synchronous: Annotated[
        str,
        Meta(
            pattern="^(normal|full)$",
            description="normal survives the death of the process; full also the loss of power, at one disk sync a commit.",
        ),
    ] = "normal"
    retention_days: Annotated[int, Meta(ge=0, description="Records older than this are deleted; 0 keeps them.")] = 0
    minutes_days: Annotated[int, Meta(ge=0, description="Statistics by the minute are deleted after this; 0 keeps them.")] = 2
    hours_days: Annotated[
        int, Meta(ge=0, description="Statistics by the hour are deleted after this, those by the day never; 0 keeps them.")
    ] = 90
    responses_days: Annotated[
        int, Meta(ge=0, description="Responses kept for `previous_response_id` are deleted after this; 0 keeps them.")
    ] = 30


class Upstream(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    connect_s: Annotated[Seconds, Meta(description="Time to connect to a provider, TLS included.")] = 10.0
    first_byte_s: Annotated[Seconds, Meta(description="Time for the first byte of an answer.")] = 600.0
    between_bytes_s: Annotated[Seconds, Meta(description="Longest silence inside an answer.")] = 120.0
    total_s: Annotated[Seconds, Meta(description="Longest time for a whole attempt.")] = 3600.0
    max_connections: Annotated[Positive, Meta(description="Open connections to one provider at once.")] = 20_000
    max_idle: Annotated[Positive, Meta(description="Idle connections kept to one provider.")] = 256
    idle_s: Annotated[Seconds, Meta(description="An idle provider connection is closed after this.")] = 50.0
    max_answer_bytes: Annotated[Positive, Meta(description="Longest plain answer of a provider.")] = 64 * 2**20
    max_line_bytes: Annotated[Positive, Meta(description="Longest single event in a stream.")] = 16 * 2**20
    proxy: Annotated[str, Meta(description="http://host:port; empty: HTTPS_PROXY, HTTP_PROXY and NO_PROXY count.")] = ""


class Routing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sort: Annotated[
        str,
        Meta(
            pattern="^(price|throughput|latency|exacto)$",
            description="By what endpoints of a model are sorted, where neither the request nor its workspace says so.",
        ),
    ] = "price"
    hedge_stream_after_s: Annotated[
        float,
        Meta(ge=0, le=600, description="Without the first event of a stream by then, the next endpoint is asked too; 0: never."),
    ] = 0.0
    hedge_plain_after_s: Annotated[
        float,
        Meta(ge=0, le=600, description="The same for answers that are no streams, which come whole and take longer; 0: never."),
    ] = 0.0
    hedge_at_once: Annotated[
        int, Meta(ge=2, le=8, description="Endpoints that one call asks at the same time, at most, when they are slow.")
    ] = 2


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fetch: Annotated[
        str,
        Meta(
            pattern="^(public|any|off)$",
            description="Which addresses the gateway fetches pictures and files from, where a provider cannot.",
        ),
    ] = "public"
    fetch_s: Annotated[Seconds, Meta(description="Time for one picture or file to come whole.")] = 20.0
    max_file_bytes: Annotated[Positive, Meta(description="Largest picture or file fetched.")] = 20 * 2**20
    max_files: Annotated[Positive, Meta(description="Most pictures and files fetched for one request.")] = 32
    pdf_s: Annotated[Seconds, Meta(description="Time to read the text of one PDF.")] = 30.0


class Sandbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tokens_per_s: Annotated[
        float, Meta(ge=0, le=100_000, description="Pace of streams under test keys; 0: as fast as it goes.")
    ] = 80.0
    first_token_s: Annotated[float, Meta(ge=0, le=60, description="Wait before the first token under test keys.")] = 0.15


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    share_percent: Annotated[
        int,
        Meta(ge=1, le=100, description="Of available money, that one call without max_tokens may hold at most."),
    ] = 50
    least_tokens: Annotated[
        int, Meta(ge=1, description="A call without max_tokens is refused when its money covers a shorter answer.")
    ] = 256
    new_workspaces: Annotated[
        str,
        Meta(pattern="^(postpaid|prepaid)$", description="What new workspaces are: prepaid ones spend their credit and no more."),
    ] = "postpaid"


_DECIMAL = r"^\d{1,9}(\.\d{1,6})?$"
_REFERENCE = "^(|env:.+|file:.+)$"
_CURRENCY = r"[a-z]{3}(=\d{1,6}(\.\d{1,7})?(@\d{4}-\d\d-\d\d)?)?"


class Payments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[payments]: needs the extra `entrepot[payments]`. Off without a key."""

    stripe_key: Annotated[
        str, Meta(pattern=_REFERENCE, description="Stripe's secret key as env:NAME or file:PATH; empty: payments are off.")
    ] = ""
    stripe_webhook_secret: Annotated[
        str,
        Meta(pattern=_REFERENCE, description="The webhook's signing secret as env:NAME or file:PATH; empty: payments are off."),
    ] = ""
    webhook_tolerance_s: Annotated[
        int, Meta(ge=1, le=3600, description="A webhook that was signed longer ago than this is refused.")
    ] = 300
    currencies: Annotated[
        str,
        Meta(
            pattern=rf"^{_CURRENCY}( {_CURRENCY})*$",
            description="What is taken, each with the credit for one of it and the day of that rate: `usd eur=1.08@2026-11-20`.",
        ),
    ] = "usd"
    methods: Annotated[
        str, Meta(pattern="^[a-z_]+( [a-z_]+)*$", description="Ways to pay in one session, by Stripe's names.")
    ] = "card alipay"
    least_usd: Annotated[str, Meta(pattern=_DECIMAL, description="Least credit of one payment.")] = "5"
    most_usd: Annotated[str, Meta(pattern=_DECIMAL, description="Most credit of one payment.")] = "10000"
    fee_percent: Annotated[
        str, Meta(pattern=r"^\d{1,2}(\.\d{1,6})?$", description="Paid on top of the credit; 0: the operator bears the fee.")
    ] = "0"
    fee_least_usd: Annotated[str, Meta(pattern=_DECIMAL, description="Least fee of one payment.")] = "0"
    rate_days: Annotated[
        int, Meta(ge=0, description="A currency whose rate is older than this is refused until the rate is renewed; 0: never.")
    ] = 0
    seller_name: Annotated[str, Meta(max_length=200, description="Who sells, on receipts and statements.")] = ""
    seller_address: Annotated[
        str, Meta(max_length=500, description="The seller's address and tax number; lines are divided by newlines.")
    ] = ""
    receipt_prefix: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9/_-]{1,20}$", description="Begins the numbers of receipts; each prefix counts from 1.")
    ] = "R-"
    pdf_font: Annotated[
        str, Meta(description="A TrueType or OpenType file for PDFs, for names beyond Latin, Greek and Cyrillic letters.")
    ] = ""
    return_url: Annotated[
        str, Meta(pattern="^https?://.+$", description="Where the customer's browser goes when it is over.")
    ] = "http://127.0.0.1:8080/"
    api_base: Annotated[str, Meta(pattern="^(|https?://.+)$", description="Another address than Stripe's, to test with.")] = ""


class Catalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    find_local: Annotated[
        bool, Meta(description="Look for Ollama, llama.cpp, vLLM and LM Studio on their usual local ports at start.")
    ] = True


class Checks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    every_h: Annotated[
        int,
        Meta(ge=0, le=8760, description="Hours from one check of an endpoint to the next; 0: none. They cost what calls cost."),
    ] = 0
    models: Annotated[str, Meta(description="Models whose endpoints are checked, separated by commas.")] = ""


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$", description="Least level that is written.")] = "info"
    format: Annotated[str, Meta(pattern="^(auto|text|json)$", description="auto: text on a terminal, JSON lines elsewhere.")] = (
        "auto"
    )


_DIALECTS = "openai_chat|openai_embeddings|openai_responses|anthropic_messages|gemini|cohere|ollama|bedrock_converse"
_REGION = "^(|[a-z]{2})$"


class ProviderConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[providers.SLUG]: a provider that is not shipped, or changes to one that is. Empty fields keep what is shipped."""

    name: Annotated[str, Meta(description="Name shown to people.")] = ""
    dialect: Annotated[str, Meta(pattern=f"^(|{_DIALECTS})$", description="Wire format it speaks; empty: openai_chat.")] = ""
    base_url: Annotated[str, Meta(description="Where it lives, up to and with the version, as https://host/v1.")] = ""
    api_key: Annotated[
        str | None, Meta(description='"env:NAME", "file:PATH", or "" for none; never a literal in a shared file.')
    ] = None
    headers: Annotated[dict[str, str], Meta(description="More headers to send; values may be env: or file:.")] = {}
    quirks: Annotated[list[str] | None, Meta(description="Named departures from the dialect; see the provider reference.")] = None
    region: Annotated[
        str, Meta(pattern=_REGION, description="Where its endpoints run: eu, us or a country as de; empty: not known.")
    ] = ""
    enabled: Annotated[bool, Meta(description="false switches it off.")] = True


class EndpointPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """USD per million tokens, as decimal text."""

    prompt: str
    completion: str
    cached: str | None = None
    cache_write: str | None = None
    cache_write_1h: str | None = None
    reasoning: str | None = None
    audio: str | None = None
    completion_audio: str | None = None
    completion_image: str | None = None
    image_token: str | None = None
    image: Annotated[str | None, Meta(description="USD per input image.")] = None
    request: Annotated[str | None, Meta(description="USD per request.")] = None


class EndpointConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[[endpoints]]: one model at one provider."""

    model: Annotated[str, Meta(min_length=1, description="Slug callers ask for, as openai/gpt-5.1.")]
    provider: Annotated[str, Meta(min_length=1, description="Slug of the provider.")]
    upstream_model: Annotated[str, Meta(description="The provider's name for it; empty: the slug without its author.")] = ""
    price: Annotated[EndpointPrice | None, Meta(description="Empty: the model's list price.")] = None
    context_length: Annotated[Positive | None, Meta(description="Tokens; empty: the model's.")] = None
    max_completion_tokens: Annotated[Positive | None, Meta(description="Tokens; empty: the model's.")] = None
    tag: Annotated[str, Meta(description="Tells several endpoints of one provider apart, as bf16 or us-east.")] = ""
    dialect: Annotated[str, Meta(pattern=f"^(|{_DIALECTS})$", description="Wire format; empty: the provider's.")] = ""
    quantization: Annotated[str | None, Meta(description="int4, fp8, bf16 ...; shown and filtered by.")] = None
    data_policy: Annotated[str, Meta(pattern="^(unknown|trains|retains|zdr)$", description="What it keeps.")] = "unknown"
    region: Annotated[
        str, Meta(pattern=_REGION, description="Where it runs: eu, us or a country as de; empty: as its provider's.")
    ] = ""
    enabled: Annotated[bool, Meta(description="false switches it off.")] = True


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: Server = Server()
    storage: Storage = Storage()
    upstream: Upstream = Upstream()
    routing: Routing = Routing()
    files: Files = Files()
    sandbox: Sandbox = Sandbox()
    catalog: Catalog = Catalog()
    ledger: Ledger = Ledger()
    payments: Payments = Payments()
    checks: Checks = Checks()
    log: Log = Log()
    providers: dict[str, ProviderConfig] = {}
    endpoints: list[EndpointConfig] = []
    data_dir: Annotated[str, Meta(description="Where the database and the server's secret live.")] = "data"

    @property
    def database_url(self) -> str:
        """raises BadSettings"""
        try:
            return secret(self.storage.url) or f"sqlite:///{Path(self.data_dir) / 'entrepot.db'}"
        except KeyError as error:
            raise BadSettings([f"storage.url: the variable {error.args[0]} is not set"]) from None
        except OSError as error:
            raise BadSettings([f"storage.url: {error.filename} cannot be read ({error.strerror})"]) from None

    @property
    def database_path(self) -> Path | None:
        """The file of an SQLite database."""
        url = self.database_url
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

    @property
    def is_demo(self) -> bool:
        """Whether the data directory was made by `entrepot demo`."""
        return (Path(self.data_dir) / DEMO_MARK).is_file()

    @property
    def journal_dir(self) -> Path:
        """Where records are safe before they are in the database: on a disk of this machine."""
        path = self.database_path
        return path.parent if path else Path(self.data_dir)


class BadSettings(Exception):
    """All problems found, one line each, each with the fix."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Knob(NamedTuple):
    name: str
    type: str
    default: Any
    meaning: str


SECTIONS: dict[str, type[msgspec.Struct]] = {
    field.name: type(field.default) for field in msgspec.structs.fields(Settings) if isinstance(field.default, msgspec.Struct)
}
"""The tables of the file whose members are knobs, by name."""
_TABLES: dict[str, type[msgspec.Struct]] = {
    "providers.SLUG": ProviderConfig,
    "endpoints[]": EndpointConfig,
    "endpoints[].price": EndpointPrice,
}


def describe() -> Iterator[Knob]:
    """Every knob in the order of the file."""
    yield from _knobs("", Settings, only=("data_dir",))
    for section, struct in (SECTIONS | _TABLES).items():
        yield from _knobs(section + ".", struct)


def _knobs(prefix: str, struct: type[msgspec.Struct], only: tuple[str, ...] = ()) -> Iterator[Knob]:
    hints = msgspec.inspect.type_info(struct)
    assert isinstance(hints, msgspec.inspect.StructType)
    for field in hints.fields:
        if only and field.name not in only:
            continue
        told = field.type
        meaning = ""
        if isinstance(told, msgspec.inspect.Metadata):
            meaning = (told.extra_json_schema or {}).get("description", "")
            told = told.type
        default = None if field.default is msgspec.NODEFAULT else field.default
        yield Knob(prefix + field.name, type(told).__name__.removesuffix("Type").lower(), default, meaning)
