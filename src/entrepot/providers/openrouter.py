"""OpenRouter, as one provider behind us: it knows every model by the same slug. Facts from its API document, read 2026-08-22."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="openrouter",
    name="OpenRouter",
    base_url="https://openrouter.ai/api/v1",
    auth=bearer("OPENROUTER_API_KEY"),
    quirks=frozenset({Quirk.KEEPS_OPENROUTER_FIELDS}),
    offers=(Offer("*", "{id}"), Offer("*", "{id}", dialect="openai_embeddings")),
    privacy_policy_url="https://openrouter.ai/privacy",
    terms_of_service_url="https://openrouter.ai/terms",
    status_page_url="https://status.openrouter.ai",
    headquarters="US",
    source="provider API document",
    as_of="2026-08-22",
)
