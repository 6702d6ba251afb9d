"""OpenAI. Facts from its API reference, its OpenAPI document and its deprecations page, read 2026-11."""

from entrepot.providers import Offer, Provider, bearer

_SHUT = "2026-07-23"
_EFFORTS = ("o3-mini-high", "o4-mini-high")
"""OpenRouter's names for a model at one effort."""
_OPEN_WEIGHTS = ("gpt-oss-120b", "gpt-oss-20b", "gpt-oss-safeguard-20b")
"""Its own models that others serve."""
_WITH_PICTURES = ("gpt-5-image", "gpt-5-image-mini", "gpt-5.4-image-2")
"""OpenRouter's names for a model with its image tool."""
_NO_CHAT = ("gpt-3.5-turbo-instruct",)
"""Served only on its older path for completions, which is not asked from here: every prompt goes out as a chat."""

provider = Provider(
    slug="openai",
    name="OpenAI",
    base_url="https://api.openai.com/v1",
    auth=bearer("OPENAI_API_KEY"),
    max_tokens_field="max_completion_tokens",
    refuses=frozenset({"top_k", "min_p", "top_a", "repetition_penalty"}),
    offers=(
        Offer("openai/gpt-5.1", off_from="2027-04-01"),
        Offer("openai/gpt-5.1-2025-11-13", off_from="2027-04-01"),
        Offer("openai/gpt-5.1-chat", "gpt-5.1-chat-latest", off_from=_SHUT),
        Offer("openai/gpt-5.1-codex", dialect="openai_responses", off_from=_SHUT),
        Offer("openai/gpt-5.1-codex-mini", dialect="openai_responses", off_from=_SHUT),
        Offer("openai/gpt-5.1-codex-max", dialect="openai_responses", off_from=_SHUT),
        Offer("openai/gpt-5-pro", dialect="openai_responses"),
        Offer("openai/gpt-5.2-pro", dialect="openai_responses"),
        Offer("openai/gpt-5-codex", dialect="openai_responses"),
        *(Offer(f"openai/{name}", dialect="openai_responses") for name in ("gpt-5.5-pro", "o1-pro", "o3-pro")),
        *(Offer(f"openai/{name}", f"{name}-latest") for name in ("gpt-5-chat", "gpt-5.2-chat", "gpt-5.3-chat")),
        *(Offer(f"openai/{name}", off_from="2026-10-23") for name in ("o1", "o3-mini", "o4-mini", "gpt-4", "gpt-3.5-turbo")),
        Offer("openai/gpt-4.1-nano", off_from="2026-10-23"),
        *(Offer(f"openai/{name}", off_from="2026-12-11") for name in ("gpt-5", "gpt-5-mini", "gpt-5-nano", "o3")),
        *(Offer(f"openai/{name}", off_from="2027-01-14") for name in ("gpt-4o", "gpt-4.1")),
        Offer("openai/*"),
        Offer("openai/*", dialect="openai_embeddings"),
    ),
    lacks=frozenset(f"openai/{name}" for name in (*_EFFORTS, *_OPEN_WEIGHTS, *_WITH_PICTURES, *_NO_CHAT)),
    privacy_policy_url="https://openai.com/policies/privacy-policy",
    terms_of_service_url="https://openai.com/policies/terms-of-use",
    status_page_url="https://status.openai.com",
    headquarters="US",
    data_policy="retains",
    source="provider API reference",
    as_of="2026-11",
)
