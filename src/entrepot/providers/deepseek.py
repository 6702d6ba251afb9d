"""DeepSeek. Facts from its API reference, read 2026-11: reasoning is switched by `thinking`, and goes back in tool loops."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="deepseek",
    name="DeepSeek",
    base_url="https://api.deepseek.com/v1",
    auth=bearer("DEEPSEEK_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM, Quirk.REASONING_CONTENT_BACK, Quirk.THINKING_SWITCH}),
    offers=(Offer("deepseek/*"),),
    privacy_policy_url="https://chat.deepseek.com/downloads/DeepSeek%20Privacy%20Policy.html",
    status_page_url="https://status.deepseek.com",
    headquarters="CN",
    source="provider API reference",
    as_of="2026-11",
)
