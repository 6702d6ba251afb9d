"""Together: open-weight models. Facts from its API specification, read 2026-11."""

from entrepot.providers import Provider, Quirk, bearer

provider = Provider(
    slug="together",
    name="Together",
    base_url="https://api.together.xyz/v1",
    auth=bearer("TOGETHER_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    privacy_policy_url="https://www.together.ai/privacy",
    status_page_url="https://status.together.ai",
    headquarters="US",
    source="provider API specification",
    as_of="2026-11",
)
