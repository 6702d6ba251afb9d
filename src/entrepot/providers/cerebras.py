"""Cerebras: open-weight models on its own chips. Facts from its API reference, read 2026-11."""

from entrepot.providers import Provider, Quirk, bearer

provider = Provider(
    slug="cerebras",
    name="Cerebras",
    base_url="https://api.cerebras.ai/v1",
    auth=bearer("CEREBRAS_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    refuses=frozenset({"frequency_penalty", "presence_penalty", "logit_bias"}),
    max_tokens_field="max_completion_tokens",
    privacy_policy_url="https://www.cerebras.ai/privacy-policy",
    status_page_url="https://status.cerebras.ai",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
