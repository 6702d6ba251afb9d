"""Groq: open-weight models on its own chips. Facts from its API reference, read 2026-11."""

from entrepot.providers import Provider, Quirk, bearer

provider = Provider(
    slug="groq",
    name="Groq",
    base_url="https://api.groq.com/openai/v1",
    auth=bearer("GROQ_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    refuses=frozenset({"logprobs", "top_logprobs", "logit_bias", "top_k", "min_p", "top_a", "repetition_penalty"}),
    max_tokens_field="max_completion_tokens",
    privacy_policy_url="https://groq.com/privacy-policy",
    status_page_url="https://groqstatus.com",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
