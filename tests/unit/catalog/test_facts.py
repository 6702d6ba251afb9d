"""Facts of OpenAI's families as its own pages have them: efforts, defaults, when sampling is accepted, announced ends."""

import pytest

from entrepot.catalog.endpoints import build_endpoints
from entrepot.catalog.shipped import shipped_models
from entrepot.providers.configured import configure
from entrepot.testing.builders import price

MODELS = {model.id: model for model in shipped_models()}


@pytest.mark.parametrize(
    ("model", "efforts", "default", "sampling"),
    [
        ("o1", "high medium low", "medium", "never"),
        ("o3", "high medium low", "medium", "never"),
        ("o4-mini", "high medium low", "medium", "never"),
        ("gpt-5", "high medium low minimal", "medium", "never"),
        ("gpt-5-pro", "high", "high", "never"),
        ("gpt-5.1", "high medium low none", "none", "unless_reasoning"),
        ("gpt-5.1-2025-11-13", "high medium low none", "none", "unless_reasoning"),
        ("gpt-5.1-chat", "medium", "medium", "never"),
        ("gpt-5.1-codex", "high medium low", "medium", "never"),
        ("gpt-5.1-codex-mini", "high medium low", "medium", "never"),
        ("gpt-5.1-codex-max", "xhigh high medium low", "medium", "never"),
        ("gpt-5.2", "xhigh high medium low none", "none", "unless_reasoning"),
        ("gpt-5.4", "xhigh high medium low none", "none", "unless_reasoning"),
        ("gpt-5.6-sol", "max xhigh high medium low none", "medium", "unless_reasoning"),
    ],
)
def test_efforts_and_sampling(model: str, efforts: str, default: str, sampling: str) -> None:
    told = MODELS[f"openai/{model}"].reasoning
    assert told is not None
    assert (" ".join(told.efforts), told.default_effort, told.sampling) == (efforts, default, sampling)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1"])
def test_what_does_not_reason_takes_sampling(model: str) -> None:
    assert MODELS[f"openai/{model}"].reasoning is None


@pytest.mark.parametrize(
    ("model", "end"),
    [
        ("gpt-5.1", "2027-04-01"), ("gpt-5.1-2025-11-13", "2027-04-01"), ("gpt-5.1-chat", "2026-07-23"), ("o3-mini", "2026-10-23"),
        ("gpt-5", "2026-12-11"), ("gpt-4o", "2027-01-14"),
    ],
)  # fmt: skip
def test_a_model_is_off_at_its_maker_from_the_announced_day_on(model: str, end: str) -> None:
    slug = f"openai/{model}"
    providers, _ = configure({}, {"OPENAI_API_KEY": "x"})
    before = {e.id: e for e in build_endpoints(MODELS, providers, (), "2025-12-01")[0]}[f"{slug}@openai"]
    after = {e.id: e for e in build_endpoints(MODELS, providers, (), end)[0]}[f"{slug}@openai"]
    assert MODELS[slug].expiration_date == end
    assert (before.off_reason, after.off_reason) == ("", f"OpenAI shut it down on {end}")


@pytest.mark.parametrize("model", ["o3-mini-high", "o4-mini-high", "gpt-oss-120b", "gpt-5-image"])
def test_what_openai_has_under_no_such_name_is_not_offered_there(model: str) -> None:
    providers, _ = configure({}, {"OPENAI_API_KEY": "x", "OPENROUTER_API_KEY": "x"})
    found = [e for e in build_endpoints(MODELS, providers, (), "2026-10-01")[0] if e.model == f"openai/{model}"]
    assert "openrouter" in {endpoint.provider for endpoint in found}
    assert "openai" not in {endpoint.provider for endpoint in found}


@pytest.mark.parametrize(
    ("model", "name", "dialect"),
    [
        ("gpt-5.2-chat", "gpt-5.2-chat-latest", "openai_chat"),
        ("gpt-5.3-chat", "gpt-5.3-chat-latest", "openai_chat"),
        ("gpt-5.5-pro", "gpt-5.5-pro", "openai_responses"),
        ("o3-pro", "o3-pro", "openai_responses"),
        ("gpt-4o", "gpt-4o", "openai_chat"),
    ],
)
def test_models_go_to_openai_under_its_own_names_and_where_it_serves_them(model: str, name: str, dialect: str) -> None:
    providers, _ = configure({}, {"OPENAI_API_KEY": "x"})
    found = {e.id: e for e in build_endpoints(MODELS, providers, (), "2026-10-01")[0]}[f"openai/{model}@openai"]
    assert (found.upstream_model, found.dialect) == (name, dialect)


def test_every_model_says_where_its_facts_are_from_and_describes_itself() -> None:
    for model in MODELS.values():
        assert model.source
        assert len(model.as_of) == 10
        assert 10 < len(model.description) < 400
        assert "\n" not in model.description
    assert "OpenAI model pages" in MODELS["openai/o3"].source


def test_every_successor_and_every_alias_row_leads_to_a_model_that_is_there() -> None:
    for model in MODELS.values():
        assert not model.successor or model.successor in MODELS
        assert not model.alias_target or model.alias_target in MODELS


def test_the_family_was_released_on_2025_11_13() -> None:
    day = 1_762_992_000
    for name in ("gpt-5.1", "gpt-5.1-2025-11-13", "gpt-5.1-chat", "gpt-5.1-codex", "gpt-5.1-codex-mini"):
        assert day <= MODELS[f"openai/{name}"].created < day + 86_400


@pytest.mark.parametrize(
    ("model", "per_million", "dimensions", "shortens"),
    [
        ("text-embedding-3-small", "0.02", 1536, True),
        ("text-embedding-3-large", "0.13", 3072, True),
        ("text-embedding-ada-002", "0.10", 1536, False),
    ],
)
def test_openais_embedding_models_have_their_price_and_the_length_of_their_vectors(
    model: str, per_million: str, dimensions: int, shortens: bool
) -> None:
    told = MODELS[f"openai/{model}"]
    assert told.price.rates == price(per_million, "0").rates
    assert (told.output_modalities, told.context_length, told.dimensions) == (("embeddings",), 8192, dimensions)
    assert ("dimensions" in told.supported_parameters) is shortens


def test_results_that_are_shipped_say_who_published_them_when() -> None:
    results = {slug: model.benchmarks for slug, model in MODELS.items() if model.benchmarks}
    assert set(results) == {"openai/gpt-5.1", "openai/gpt-5.1-codex", "openai/gpt-5.1-codex-max"}
    for result in (one for some in results.values() for one in some):
        assert (
            result.source.startswith("https://openai.com/index/gpt-5-1")
            and result.date < "2026"
            and "OpenAI reports" in result.note
        )
