"""Anthropic. Facts from its API reference and recorded answers, read 2026-11: key and version each have a header of their own."""

from entrepot.providers import Offer, Provider, header

_NAMES = {
    "claude-3-haiku": "claude-3-haiku-20240307",
    "claude-opus-4": "claude-opus-4-0",
    "claude-sonnet-4": "claude-sonnet-4-0",
}
_MODELS = (
    "claude-opus-5", "claude-sonnet-5", "claude-fable-5",
    "claude-opus-4.8", "claude-opus-4.7", "claude-opus-4.6", "claude-opus-4.5", "claude-opus-4.1", "claude-opus-4",
    "claude-sonnet-4.6", "claude-sonnet-4.5", "claude-sonnet-4", "claude-haiku-4.5", "claude-3-haiku",
)  # fmt: skip

provider = Provider(
    slug="anthropic",
    name="Anthropic",
    base_url="https://api.anthropic.com/v1",
    dialect="anthropic_messages",
    auth=header("x-api-key", "ANTHROPIC_API_KEY"),
    headers={"anthropic-version": "2023-06-01"},
    refuses=frozenset({"seed", "logit_bias", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty"})
    | {"min_p", "top_a", "repetition_penalty", "prediction"},
    offers=tuple(Offer(f"anthropic/{name}", _NAMES.get(name, name.replace(".", "-"))) for name in _MODELS),
    privacy_policy_url="https://www.anthropic.com/legal/privacy",
    terms_of_service_url="https://www.anthropic.com/legal/commercial-terms",
    status_page_url="https://status.anthropic.com",
    headquarters="US",
    data_policy="retains",
    source="provider API reference",
    as_of="2026-11",
)
