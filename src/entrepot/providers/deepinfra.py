"""DeepInfra: open-weight models. Facts from its API reference, read 2026-11."""

from entrepot.providers import Provider, Quirk, bearer

provider = Provider(
    slug="deepinfra",
    name="DeepInfra",
    base_url="https://api.deepinfra.com/v1/openai",
    auth=bearer("DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    privacy_policy_url="https://deepinfra.com/privacy",
    status_page_url="https://status.deepinfra.com",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
