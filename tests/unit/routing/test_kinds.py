"""A request goes only to endpoints that make what is asked for: text or embeddings."""

import pytest

from entrepot.catalog.endpoints import build_endpoints, local_endpoints
from entrepot.catalog.shipped import shipped_models
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.openai_embeddings.parse import parse
from entrepot.errors import InvalidRequest, NotFound
from entrepot.providers.configured import configure
from entrepot.routing.memo import PlanMemo
from entrepot.routing.plan import Offer, plan
from entrepot.settings import EndpointConfig, EndpointPrice
from entrepot.testing.builders import endpoint, model

CHAT = parse_request(b'{"model":"acme/one","messages":[{"role":"user","content":"hi"}]}')
EMBED = parse(b'{"model":"acme/one","input":"hi"}')
MODELS = {known.id: known for known in shipped_models()}
KEYS = ("OPENAI_API_KEY", "MISTRAL_API_KEY", "TOGETHER_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY", "AZURE_OPENAI_API_KEY")
TEXT, VECTORS = endpoint("acme/one", "text"), endpoint("acme/one", "vectors", dialect="openai_embeddings")
BOTH = Offer(model("acme/one"), (TEXT, VECTORS))


@pytest.mark.parametrize(("request_", "served_by"), [(CHAT, "text"), (EMBED, "vectors")])
def test_of_two_endpoints_the_one_that_makes_what_is_asked_for_serves(request_: object, served_by: str) -> None:
    found = plan(request_, [BOTH], {})  # type: ignore[arg-type]
    assert [candidate.endpoint.provider for candidate in found.candidates] == [served_by]


@pytest.mark.parametrize(
    ("request_", "offer", "path"),
    [
        (CHAT, Offer(model("acme/one"), (VECTORS,)), "/embeddings"),
        (EMBED, Offer(model("acme/one"), (TEXT,)), "/chat/completions"),
        (CHAT, Offer(model("acme/one", output_modalities=("embeddings",)), ()), "/embeddings"),
        (EMBED, Offer(model("acme/one"), ()), "/chat/completions"),
    ],
)
def test_a_model_asked_for_on_the_wrong_path_is_a_400_that_names_the_right_one(request_: object, offer: Offer, path: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        plan(request_, [offer], {})  # type: ignore[arg-type]
    assert (caught.value.status, caught.value.field) == (400, "model")
    assert path in (caught.value.remedy or "")


def test_an_endpoint_that_is_off_is_the_reason_when_it_alone_could_serve() -> None:
    off = endpoint("acme/one", "vectors", dialect="openai_embeddings", off_reason="set ACME_API_KEY to switch it on")
    with pytest.raises(NotFound, match="ACME_API_KEY") as caught:
        plan(EMBED, [Offer(model("acme/one"), (TEXT, off))], {})
    assert "acme/one@text" not in caught.value.message


def test_plans_for_text_and_for_embeddings_are_not_mixed_up() -> None:
    memo = PlanMemo()
    made = [memo.plan(asked, "one", lambda asked=asked: plan(asked, [BOTH], {})) for asked in (CHAT, EMBED, CHAT)]  # type: ignore[misc]
    assert [found.candidates[0].endpoint.provider for found in made] == ["text", "vectors", "text"]


@pytest.mark.parametrize(
    ("slug", "names"),
    [
        (
            "openai/text-embedding-3-small",
            {
                "openai": "text-embedding-3-small",
                "azure": "text-embedding-3-small",
                "openrouter": "openai/text-embedding-3-small",
            },
        ),
        ("mistralai/mistral-embed-2312", {"mistral": "mistral-embed-2312", "openrouter": "mistralai/mistral-embed-2312"}),
        ("baai/bge-large-en-v1.5", {"together": "BAAI/bge-large-en-v1.5", "openrouter": "baai/bge-large-en-v1.5"}),
        ("google/gemini-embedding-001", {"openrouter": "google/gemini-embedding-001"}),
    ],
)
def test_embedding_models_are_offered_where_they_are_served_in_their_own_dialect(slug: str, names: dict[str, str]) -> None:
    providers, _ = configure({}, dict.fromkeys(KEYS, "x") | {"AZURE_OPENAI_RESOURCE": "quay"})
    found, _, _ = build_endpoints(MODELS, providers, (), "2026-11-21")
    served = {one.provider: one for one in found if one.model == slug}
    assert {provider: one.upstream_model for provider, one in served.items()} == names
    assert {one.dialect for one in served.values()} == {"openai_embeddings"}


def test_an_engine_on_this_machine_may_be_asked_for_both() -> None:
    providers, _ = configure({}, {})
    _, models, endpoints = local_endpoints(providers["ollama"], "http://127.0.0.1:11434/v1", ["nomic-embed-text"])
    assert [one.dialect for one in endpoints] == ["openai_chat", "openai_embeddings"]
    assert plan(EMBED, [Offer(models[0], endpoints)], {}).candidates[0].endpoint.id == "ollama/nomic-embed-text@ollama/embeddings"


def test_an_operators_endpoint_speaks_what_its_model_makes() -> None:
    providers, _ = configure({}, {})
    price = EndpointPrice("0.01", "0")
    added = [
        EndpointConfig("openai/text-embedding-3-small", "together"),
        EndpointConfig("acme/own", "together", price=price, dialect="openai_embeddings"),
    ]
    found, extra, problems = build_endpoints(MODELS, providers, added, "2026-11-21")
    assert (problems, [one.output_modalities for one in extra]) == ([], [("embeddings",)])
    assert {one.dialect for one in found if one.provider == "together"} == {"openai_embeddings"}
