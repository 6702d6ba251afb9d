"""Fireworks: open-weight models, named `accounts/fireworks/models/...`. Facts from its API reference, read 2026-11."""

from entrepot.providers import Provider, Quirk, bearer

provider = Provider(
    slug="fireworks",
    name="Fireworks",
    base_url="https://api.fireworks.ai/inference/v1",
    auth=bearer("FIREWORKS_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    privacy_policy_url="https://fireworks.ai/privacy-policy",
    status_page_url="https://status.fireworks.ai",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
