"""The shelf: the GPT-5.1 family whole, prices exact, slugs that lead where they should."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.endpoints import build_endpoints
from entrepot.catalog.importing import difference, parse_file
from entrepot.catalog.rows import pricing_of
from entrepot.catalog.shipped import shipped_models
from entrepot.errors import InvalidRequest
from entrepot.providers.configured import configure
from entrepot.settings import EndpointConfig, EndpointPrice, ProviderConfig
from entrepot.values.money import YOCTO, usd

MODELS = {model.id: model for model in shipped_models()}
LIST = Path(__file__).parents[4] / "shared" / "data" / "openrouter-models.json"


def catalog(*added: EndpointConfig, **environment: str) -> Catalog:
    providers, _ = configure({}, environment)
    endpoints, extra, problems = build_endpoints(MODELS, providers, added, "2026-11-21")
    assert not problems
    return Catalog([*MODELS.values(), *extra], endpoints)


@pytest.mark.parametrize(
    ("slug", "model"),
    [
        ("openai/gpt-5.1", "openai/gpt-5.1"),
        ("gpt-5.1", "openai/gpt-5.1"),
        ("openai/gpt-5-1", "openai/gpt-5.1"),
        ("openai/gpt-5.1-20251113", "openai/gpt-5.1"),
        ("openai/gpt-5.1:floor", "openai/gpt-5.1"),
        ("openai/gpt-5-1-chat-latest", "openai/gpt-5.1-chat"),
        ("gpt-5.1-chat-latest", "openai/gpt-5.1-chat"),
        ("openai/gpt-5-1-codex", "openai/gpt-5.1-codex"),
        ("gpt-5.1-codex-mini", "openai/gpt-5.1-codex-mini"),
        ("openai/gpt-5.1-2025-11-13", "openai/gpt-5.1-2025-11-13"),
        ("gpt-5.1-2025-11-13", "openai/gpt-5.1-2025-11-13"),
        ("openai/gpt-5.1-2025-11-13:nitro", "openai/gpt-5.1-2025-11-13"),
    ],
)
def test_every_spelling_leads_to_its_model(slug: str, model: str) -> None:
    assert catalog().resolve(slug).model.id == model


@pytest.mark.parametrize(
    ("model", "context", "most", "prompt", "completion", "cached"),
    [
        ("openai/gpt-5.1", 400_000, 128_000, "1.25", "10", "0.125"),
        ("openai/gpt-5.1-2025-11-13", 400_000, 128_000, "1.25", "10", "0.125"),
        ("openai/gpt-5.1-chat", 128_000, 16_384, "1.25", "10", "0.125"),
        ("openai/gpt-5.1-codex", 400_000, 128_000, "1.25", "10", "0.125"),
        ("openai/gpt-5.1-codex-mini", 400_000, 128_000, "0.25", "2", "0.025"),
    ],
)
def test_the_family_has_its_published_figures(
    model: str, context: int, most: int, prompt: str, completion: str, cached: str
) -> None:
    known = MODELS[model]
    rates = known.price.rates
    assert (known.context_length, known.max_completion_tokens) == (context, most)
    assert [usd(rate * 10**6, scale=YOCTO) for rate in (rates.prompt, rates.completion, rates.cached or 0)] == [
        prompt,
        completion,
        cached,
    ]
    assert known.source
    assert known.as_of


def test_a_snapshot_is_served_by_its_maker_only_under_its_own_name() -> None:
    endpoints = catalog(OPENAI_API_KEY="x", OPENROUTER_API_KEY="y").endpoints("openai/gpt-5.1-2025-11-13")
    assert {(endpoint.provider, endpoint.upstream_model) for endpoint in endpoints if endpoint.on} == {
        ("openai", "gpt-5.1-2025-11-13")
    }


def test_what_a_provider_shut_down_is_off_with_the_date() -> None:
    endpoints = {e.provider: e for e in catalog(OPENAI_API_KEY="x", OPENROUTER_API_KEY="y").endpoints("openai/gpt-5.1-chat")}
    assert "2026-07-23" in endpoints["openai"].off_reason
    assert endpoints["openrouter"].on


def test_an_unknown_model_names_its_nearest() -> None:
    with pytest.raises(InvalidRequest, match="Did you mean openai/gpt-5.1") as caught:
        catalog().resolve("openai/gpt-51")
    assert caught.value.metadata["availability"]["code"] == "model_not_found"


@pytest.mark.parametrize("slug", ["nope/x", "no-such-model", "acme/nothing"])
def test_a_model_that_is_like_none_is_not_taken_for_another(slug: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        catalog().resolve(slug)
    assert "Did you mean" not in caught.value.message and "GET /api/v1/models" in (caught.value.remedy or "")


@pytest.mark.parametrize("slug", ["", "/", ":", "openai/gpt-5.1:free", "openai/gpt-5.1:online", "a" * 300, "☃/☃"])
def test_other_slugs_are_refused_and_never_fall_back(slug: str) -> None:
    with pytest.raises(InvalidRequest):
        catalog().resolve(slug)


def test_an_operators_endpoint_may_bring_its_own_model_and_price() -> None:
    added = EndpointConfig("acme/own", "ollama", "own:7b", EndpointPrice("0.5", "1"))
    resolved = catalog(added).resolve("acme/own")
    assert resolved.endpoints[0].upstream_model == "own:7b"
    assert pricing_of(resolved.endpoints[0].price)["prompt"] == "0.0000005"


def test_an_endpoint_runs_where_it_says_or_else_where_its_provider_does_and_is_otherwise_not_known() -> None:
    providers, problems = configure({"acme": ProviderConfig(base_url="http://127.0.0.1:1/v1", api_key="", region="us")}, {})
    added = [EndpointConfig("openai/gpt-5.1", "acme", tag=region, region=region) for region in ("", "de")]
    endpoints, _, more = build_endpoints(MODELS, providers, added, "2026-11-21")
    assert not problems + more
    regions = {endpoint.id.rpartition("@")[2]: endpoint.region for endpoint in endpoints if endpoint.model == "openai/gpt-5.1"}
    assert (regions["acme"], regions["acme/de"], regions["openai"]) == ("us", "de", "")


@pytest.mark.skipif(not LIST.is_file(), reason="the recorded model list is not beside the checkout")
def test_every_shipped_price_is_the_published_decimal() -> None:
    for entry in json.loads(LIST.read_bytes())["data"]:
        model = MODELS.get(entry["id"])
        if model is None or entry["id"].startswith("openai/gpt-5.1"):
            assert model or entry["pricing"]["prompt"] == "-1"
            continue
        told = pricing_of(model.price)
        for name in ("prompt", "completion", "input_cache_read", "input_cache_write"):
            if name in entry["pricing"]:
                assert Decimal(told[name]) == Decimal(entry["pricing"][name]), (entry["id"], name)
        assert len(told.get("overrides", [])) == len(entry["pricing"].get("overrides", []))


def test_three_formats_are_taken_in_and_an_operators_own_is_kept() -> None:
    openrouter = b'{"data":[{"id":"a/b","name":"B","pricing":{"prompt":"0.000001","completion":"0.000002"}}]}'
    litellm = (
        b'{"gpt-x":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":1.5e-06,"output_cost_per_token":6e-06}}'
    )
    rows = b'[{"id":"a/b","name":"B","canonical_slug":"a/b","created":0,"pricing":{"prompt":"1","completion":"2"}}]'
    found = [parse_file(data, source="test", as_of="2026-11-21") for data in (openrouter, litellm, rows)]
    assert [(kind, models[0].id) for kind, models, _ in found] == [
        ("openrouter", "a/b"),
        ("litellm", "openai/gpt-x"),
        ("entrepot", "a/b"),
    ]
    assert pricing_of(found[1][1][0].price)["prompt"] == "0.0000015"
    assert [change.what for change in difference({}, found[0][1], set())] == ["added"]
    assert [change.what for change in difference({}, found[0][1], {"a/b"})] == ["kept"]
    changed = difference({"a/b": found[0][1][0]}, found[2][1], set())
    assert changed[0].fields["pricing.prompt"] == ("0.000001", "1")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[1]", b"3", b'{"data":[{}]}', b'{"data":[{"id":"x","name":"x","pricing":{}}]}', b'[{"id":"a/b"}]',
     b'{"data":[{"id":"a/b","name":"B","pricing":{"prompt":"NaN","completion":"1"}}]}'],
)  # fmt: skip
def test_a_hostile_file_is_refused_and_named(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="cannot be taken in"):
        parse_file(data, source="test", as_of="2026-11-21")
