"""Perplexity: models that search. Facts from its API reference, read 2026-11."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="perplexity",
    name="Perplexity",
    base_url="https://api.perplexity.ai",
    auth=bearer("PERPLEXITY_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM, Quirk.NO_STREAM_OPTIONS}),
    offers=(Offer("perplexity/*"),),
    privacy_policy_url="https://www.perplexity.ai/hub/legal/privacy-policy",
    status_page_url="https://status.perplexity.ai",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
