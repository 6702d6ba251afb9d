"""xAI. Facts from its API reference and recorded answers, read 2026-11: `completion_tokens` leave reasoning out."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="xai",
    name="xAI",
    base_url="https://api.x.ai/v1",
    auth=bearer("XAI_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM, Quirk.COMPLETION_EXCLUDES_REASONING}),
    offers=(Offer("x-ai/*"),),
    privacy_policy_url="https://x.ai/legal/privacy-policy",
    status_page_url="https://status.x.ai",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
