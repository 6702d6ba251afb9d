"""What an offer says of its endpoint."""

from entrepot.catalog.endpoints import build_endpoints
from entrepot.providers import Offer, Provider, all_providers
from entrepot.providers.configured import configure
from entrepot.values.model import Model
from entrepot.values.price import Price, Rates

HERE = Provider("here", "Here", "https://here.test", dialect="a", families={"claude": "anthropic-claude-v1"})


def test_an_offer_names_its_own_dialect_and_family_or_has_those_of_its_provider() -> None:
    assert (HERE.dialect_of(), HERE.dialect_of(Offer("x/y")), HERE.dialect_of(Offer("x/y", dialect="b"))) == ("a", "a", "b")
    assert HERE.family_of("eu.claude-9", Offer("x/y")) == "anthropic-claude-v1"
    assert HERE.family_of("eu.claude-9", Offer("x/y", family="f")) == "f"
    assert HERE.family_of("other") == ""


def test_codex_is_offered_through_responses_and_the_rest_of_openai_through_chat() -> None:
    openai = all_providers()["openai"]
    spoken = {offer.model: openai.dialect_of(offer) for offer in openai.offers}
    assert spoken["openai/gpt-5.1-codex"] == "openai_responses"
    assert spoken["openai/gpt-5.1"] == "openai_chat"


def test_claude_on_bedrock_takes_back_what_claude_made_elsewhere() -> None:
    bedrock = all_providers()["amazon-bedrock"]
    families = {offer.model: bedrock.family_of(offer.upstream_model, offer) for offer in bedrock.offers}
    assert families["anthropic/claude-sonnet-4.5"] == "anthropic-claude-v1"
    assert families["amazon/nova-pro-v1"] == "amazon-nova-v1"


def test_a_provider_may_take_more_than_the_catalogue_knows_of_a_model() -> None:
    free = Price(Rates())
    known = Model("cohere/command-a", "Command A", "cohere/command-a", 0, free, supported_parameters=("temperature",))
    unknown = Model("cohere/command-r7b-12-2024", "R7B", "cohere/command-r7b-12-2024", 0, free)
    ready = {"cohere": configure({}, {"COHERE_API_KEY": "key"})[0]["cohere"]}
    endpoints, _, _ = build_endpoints({model.id: model for model in (known, unknown)}, ready, (), "2026-11-21")
    supported = {endpoint.model: endpoint.supported_parameters for endpoint in endpoints}
    assert supported == {known.id: ("temperature", "logprobs", "tool_choice", "tools"), unknown.id: ()}
