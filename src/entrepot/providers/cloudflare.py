"""Cloudflare Workers AI, by its OpenAI path. Facts from its documentation and recorded answers, read 2026-11."""

from entrepot.providers import Provider, Quirk, bearer

provider = Provider(
    slug="cloudflare",
    name="Cloudflare",
    base_url="https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1",
    variables={"account": "CLOUDFLARE_ACCOUNT_ID"},
    auth=bearer("CLOUDFLARE_API_TOKEN"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    privacy_policy_url="https://www.cloudflare.com/privacypolicy/",
    status_page_url="https://www.cloudflarestatus.com",
    headquarters="US",
    source="provider documentation",
    as_of="2026-11",
)
