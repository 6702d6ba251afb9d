"""Google AI Studio: the Gemini API with a key. Facts from its API reference and recorded answers, read 2026-11."""

from entrepot.providers import Offer, Provider, header

_MODELS = (
    "gemini-3.6-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-3.1-flash-lite", "gemini-3.1-pro-preview",
    "gemini-3-flash-preview", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite",
    "gemini-3-pro-image", "gemini-3.1-flash-image", "gemini-3.1-flash-lite-image", "gemini-2.5-flash-image",
    "gemma-4-31b-it", "gemma-4-26b-a4b-it", "gemma-3-27b-it", "gemma-3-12b-it", "gemma-3-4b-it", "gemma-3n-e4b-it",
)  # fmt: skip

provider = Provider(
    slug="google-ai-studio",
    name="Google AI Studio",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    dialect="gemini",
    auth=header("x-goog-api-key", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    refuses=frozenset({"logit_bias", "min_p", "top_a", "repetition_penalty", "prediction", "parallel_tool_calls"}),
    offers=tuple(Offer(f"google/{name}") for name in _MODELS),
    privacy_policy_url="https://policies.google.com/privacy",
    terms_of_service_url="https://ai.google.dev/gemini-api/terms",
    status_page_url="https://aistudio.google.com/status",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
