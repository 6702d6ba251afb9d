"""Moonshot AI: the Kimi models. Facts from its API reference, read 2026-11."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="moonshotai",
    name="Moonshot AI",
    base_url="https://api.moonshot.ai/v1",
    auth=bearer("MOONSHOT_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM, Quirk.REASONING_CONTENT_BACK}),
    offers=(Offer("moonshotai/*"),),
    headquarters="CN",
    source="provider API reference",
    as_of="2026-11",
)
