"""The pages of one model."""

import datetime
import functools
import re

import msgspec
import pytest

from entrepot.api.openapi import document
from entrepot.api.table import ROUTES
from entrepot.catalog.catalog import Catalog
from entrepot.catalog.shipped import shipped_models
from entrepot.metering.cost import cost_of
from entrepot.values.model import Benchmark, Endpoint, Model, Reasoning
from entrepot.values.price import Price, Rates, Tier
from entrepot.values.usage import Usage
from entrepot.web import calls, model_page, model_pricing
from entrepot.web.model_pricing import Call
from entrepot.web.pages import FrontFacts, Pages
from entrepot.web.shelf import ProviderFact, Shelf
from entrepot.web.visit import PageResponse

DOLLAR = 10**18
PRICE = Price(
    Rates(3 * DOLLAR, 15 * DOLLAR, cached=DOLLAR // 3, web_search=10**22),
    tiers=(Tier(Rates(6 * DOLLAR, -1), over_prompt_tokens=200_000), Tier(Rates(-1, 1), utc_start=1630, utc_end=30)),
)
BRIG = Model(
    "acme/brig",
    "Acme: <Brig>",
    "acme/brig-20250101",
    1763060305,
    PRICE,
    400_000,
    128_000,
    description="Carries <b>cargo</b>.",
    supported_parameters=("max_tokens", "temperature", "reasoning_effort"),
    default_parameters={"temperature": 0.5},
    reasoning=Reasoning(("high", "low"), "low"),
    expiration_date="2027-04-01",
    successor="acme/sloop",
    aliases=("brig", "acme/brigantine"),
)
MODELS = (
    BRIG,
    Model("acme/sloop", "Acme: Sloop", "acme/sloop", 1, PRICE, aliases=("sloop",)),
    Model(
        "acme/brig-20250101", "Acme: Brig", "acme/brig-20250101", 1, PRICE, pinned=True, supported_parameters=("tools", "seed")
    ),
    Model("~acme/latest", "Acme: Latest", "~acme/latest", 1, PRICE, alias_target="acme/sloop"),
    Model("acme/reel", "Acme: Reel", "acme/reel", 1, Price(), output_modalities=("video",)),
    Model("acme/vector", "Acme: Vector", "acme/vector", 1, PRICE, output_modalities=("embeddings",), dimensions=384),
)
ENDPOINTS = (
    Endpoint("acme/brig@acme", "acme/brig", "acme", "brig", PRICE, 400_000, quantization="fp8", data_policy="zdr"),
    Endpoint("acme/brig@bay", "acme/brig", "bay", "brig", PRICE, off_reason="set BAY_API_KEY"),
)
CATALOG = Catalog(MODELS, ENDPOINTS)
NOON = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
FACTS = FrontFacts(6, 1, 0.0, (ProviderFact("Acme Inc", "acme", True), ProviderFact("Bay", "bay", False, "set BAY_API_KEY")))
DOCUMENT = document(ROUTES, "0")
SHIPPED = Catalog(shipped_models(), ())


@functools.cache
def site(catalog: Catalog = CATALOG) -> Pages:
    return Pages(lambda: FACTS, lambda: DOCUMENT, lambda: catalog, now_s=NOON.timestamp)


def get(target: str) -> PageResponse | None:
    return site().respond("GET", target, {"host": "port.example.test"})


def text(target: str) -> str:
    answer = get(target)
    assert answer is not None, target
    assert answer.status == 200
    return answer.body.decode()


def test_the_overview_says_what_the_model_is_and_escapes_it() -> None:
    page = text("/acme/brig")
    for said in (
        "Acme: &lt;Brig&gt;",
        "Carries &lt;b&gt;cargo",
        "$3.00",
        "$15.00",
        "$0.333333333333333333",
        "400K",
        "128K",
        "2025-11-13",
    ):
        assert said in page
    assert "Its maker ends it on 2027-04-01" in page
    assert 'href="/acme/sloop"' in page
    assert '<a href="/acme/brig-20250101"><code>acme/brig-20250101</code></a>' in page


@pytest.mark.parametrize("tab", [f"/{tab}".rstrip("/") for tab in model_page.TABS])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_tab_of_every_kind_of_model_is_a_page_that_marks_itself(model: Model, tab: str) -> None:
    assert f'href="/{model.id}{tab}" aria-current="page"' in text(f"/{model.id}{tab}")


def test_another_name_shows_the_model_and_says_so() -> None:
    assert "<code>acme/brigantine</code> is another name of this model" in text("/acme/brigantine/pricing")
    assert "is another name" not in text("/acme/brig/pricing")


def test_an_alias_says_what_it_stands_for_and_a_snapshot_that_it_stays() -> None:
    assert 'it now stands for <a href="/acme/sloop">' in text("/~acme/latest")
    assert "itself, for ever" in text("/acme/brig-20250101")


@pytest.mark.parametrize(
    "path", ["/acme", "/brig", "/acme/nothing", "/acme/brig/doings", "/acme/brig/api/api", "/v1/acme/brig", "//"]
)
def test_what_is_no_model_is_left_to_others(path: str) -> None:
    assert get(path) is None


def test_the_providers_are_listed_with_the_reason_why_one_is_not_ready() -> None:
    page = text("/acme/brig/providers")
    for said in ("Acme Inc", "set BAY_API_KEY", "fp8", "keeps nothing", "no traffic yet"):
        assert said in page
    assert "Nobody serves this model here yet" in text("/acme/sloop/providers")


@pytest.mark.parametrize(("tokens_in", "tokens_out", "cached"), [(10_000, 1_000, 0), (333, 77, 33), (250_000, 5, 100), (0, 0, 0)])
def test_a_call_costs_on_the_page_what_it_is_charged(tokens_in: int, tokens_out: int, cached: int) -> None:
    call = model_pricing.read_call({"in": str(tokens_in), "out": str(tokens_out), "cached": str(cached)})
    shelf = Shelf(CATALOG, {})
    charged = cost_of(Usage(tokens_in, tokens_out, tokens_in * cached // 100), PRICE, at_utc_hhmm=1200)
    assert [quote.cost for quote in model_pricing.quotes(shelf, shelf.rows["acme/brig"], call, NOON)] == [charged, charged]


def test_the_hour_counts_where_the_price_has_hours() -> None:
    shelf = Shelf(CATALOG, {})
    evening = model_pricing.quotes(shelf, shelf.rows["acme/brig"], Call(0, 1_000_000), NOON.replace(hour=23))
    assert [quote.cost.total_nano if quote.cost else None for quote in evening] == [0, 0]


@pytest.mark.parametrize("query", ["in=x", "out=-1", "cached=101", "in=1e9", "in=9999999999", "out="])
def test_a_call_that_cannot_be_read_is_said_to_be(query: str) -> None:
    assert 'role="alert"' in text(f"/acme/brig/pricing?{query}")


def test_rates_are_listed_by_tier_and_one_that_stays_is_repeated() -> None:
    told = {line.label: line.amounts for line in model_pricing.lines(PRICE)}
    assert told["Prompt"] == ("$3.00", "$6.00", "$3.00")
    assert told["Completion"][:2] == ("$15.00", "$15.00")
    assert told["Each web search"] == ("$0.01", "$0.01", "$0.01")
    assert "Over 200K prompt tokens" in text("/acme/brig/pricing")
    assert "16:30 to 00:30 UTC" in text("/acme/brig/pricing")


def test_what_has_no_price_by_the_token_gets_no_reckoning() -> None:
    page = text("/acme/reel/pricing")
    assert "No price by the token" in page
    assert "<form" not in page


def test_samples_carry_the_readers_address_and_the_models_slug() -> None:
    page = text("/acme/brig/api")
    assert page.count("http://port.example.test/api/v1/chat/completions") == 3
    assert page.count("/client/v4/accounts/mine/ai/run/${model}") == 1
    assert page.count("acme/brig") > 9
    assert "client.embeddings.create(model=&#34;acme/vector&#34;" in text("/acme/vector/api")
    assert "Not called through here" in text("/acme/reel/api")


def test_parameters_are_told_with_the_models_own_bounds_and_whether_it_takes_them() -> None:
    rows = re.findall(
        r'scope="row"><code>(\w+)</code></th><td[^>]*>([^<]*)</td><td[^>]*>[^<]*</td><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>',
        text("/acme/brig/api"),
    )
    told = {name: rest for name, *rest in rows}
    assert told["temperature"] == ["yes", "0 to 2", "0.5"]
    assert told["max_tokens"] == ["yes", "1 to 128,000", "–"]
    assert told["reasoning_effort"] == ["yes", "high, low", "low"]
    assert told["seed"] == ["no", "–", "–"]
    assert "The older spelling of <code>max_completion_tokens</code>." in text("/acme/brig/api")
    assert "not known" in text("/acme/sloop/api")


def test_every_link_between_shipped_models_leads_to_one() -> None:
    pages = site(SHIPPED)
    for model in shipped_models():
        answer = pages.respond("GET", f"/{model.id}", {})
        assert answer is not None, model.id
        links = re.findall(r'<dd><a href="(/[^"?#]+)"|<a href="(/[^"?#]+)">[^<]+</a>, <code>', answer.body.decode())
        for link in {one or other for one, other in links}:
            assert pages.respond("GET", link, {}) is not None, link


@pytest.mark.parametrize("slug", ["openai/gpt-5.1", "openai/text-embedding-3-small"])
def test_every_task_is_explained_on_a_page_of_the_documentation(slug: str) -> None:
    pages = site(SHIPPED)
    model = SHIPPED.models[slug]
    for key in calls.titles(model):
        task = calls.task(model, key, "http://port.example.test")
        assert task is not None
        assert task.key == key
        answer = pages.respond("GET", task.docs, {})
        assert answer is not None, task.docs
        assert answer.status == 200, task.docs


def test_published_results_stand_apart_newest_first_each_with_its_source_and_without_any_the_page_says_how() -> None:
    results = (
        Benchmark("<Exam>", 71.25, "https://a.example/x?y=1&z", "2025-11-13", "%", "high effort"),
        Benchmark("Arena", 1231, "https://www.b.example", "2026-01-02", "Elo"),
    )
    brig = msgspec.structs.replace(BRIG, benchmarks=results)
    told = Pages(lambda: FACTS, lambda: DOCUMENT, lambda: Catalog((brig,), ()), now_s=NOON.timestamp)
    shown = told.respond("GET", "/acme/brig/benchmarks", {})
    assert shown is not None
    text = re.sub(r"\s*<[^>]+>\s*", " ", shown.body.decode().partition("Published")[2])
    assert (
        " ".join(text.split()).find("Arena 1,231 Elo – 2026-01-02 b.example &lt;Exam&gt; 71.25% high effort 2025-11-13 a.example")
        > 0
    )
    assert b'href="https://a.example/x?y=1&amp;z" rel="noopener noreferrer nofollow"' in shown.body
    without = get("/acme/sloop/benchmarks")
    assert without is not None and b'href="/docs/do/catalogue">Put some in</a>' in without.body


def test_where_endpoints_run_is_told_or_said_not_to_be_known() -> None:
    endpoints = (msgspec.structs.replace(ENDPOINTS[0], region="eu"), ENDPOINTS[1])
    told = Pages(lambda: FACTS, lambda: DOCUMENT, lambda: Catalog(MODELS, endpoints), now_s=NOON.timestamp)
    shown = told.respond("GET", "/acme/brig/providers", {})
    assert shown is not None
    there, unknown = re.findall(r'data-label="Region">(.*?)</td>', shown.body.decode())
    assert there == "European Union" and 'aria-label="not known"' in unknown and ">–<" in unknown


def test_where_nobody_says_where_endpoints_run_there_is_no_column_for_it() -> None:
    shown = get("/acme/brig/providers")
    assert shown is not None and b"Region" not in shown.body and b"Seat is the country" in shown.body
