"""AI/ML API. Names carry the vendor and dashes. Facts from its documentation, read 2026-11; list prices."""

from entrepot.providers import Offer, Provider, bearer

provider = Provider(
    slug="aimlapi",
    name="AI/ML API",
    base_url="https://api.aimlapi.com/v1",
    auth=bearer("AIMLAPI_API_KEY", "AIML_API_KEY"),
    max_tokens_field="max_completion_tokens",
    offers=(
        Offer("openai/gpt-5.1", "openai/gpt-5-1"),
        Offer("openai/gpt-5.1-chat", "openai/gpt-5-1-chat-latest"),
        Offer("openai/gpt-5.1-codex", "openai/gpt-5-1-codex", dialect="openai_responses"),
        Offer("openai/gpt-5.1-codex-mini", "openai/gpt-5-1-codex-mini", dialect="openai_responses"),
    ),
    source="provider documentation",
    as_of="2026-11",
)
