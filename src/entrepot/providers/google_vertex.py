"""Google Vertex AI in its express mode, which takes a key and no project. Facts from its API reference, read 2026-11.

For a project and location of your own set `base_url` to https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/
LOCATION/publishers/google, `api_key` to "" and the header `Authorization`, whose token lasts an hour.
"""

from entrepot.providers import Offer, Provider, header

_MODELS = (
    "gemini-3.6-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-3.1-flash-lite", "gemini-3.1-pro-preview",
    "gemini-3-flash-preview", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite",
)  # fmt: skip

provider = Provider(
    slug="google-vertex",
    name="Google Vertex",
    base_url="https://aiplatform.googleapis.com/v1/publishers/google",
    dialect="gemini",
    auth=header("x-goog-api-key", "GOOGLE_VERTEX_API_KEY"),
    refuses=frozenset({"logit_bias", "min_p", "top_a", "repetition_penalty", "prediction", "parallel_tool_calls"}),
    offers=tuple(Offer(f"google/{name}") for name in _MODELS),
    privacy_policy_url="https://cloud.google.com/terms/cloud-privacy-notice",
    terms_of_service_url="https://cloud.google.com/terms",
    status_page_url="https://status.cloud.google.com",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
