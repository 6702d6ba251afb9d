"""Azure OpenAI, by its v1 path, where the deployment is the model. Facts from its API reference, read 2026-11.

Set AZURE_OPENAI_RESOURCE to the resource's name and name each deployment like its model, or list others under [[endpoints]].
"""

from entrepot.providers import Offer, Provider, header

_FAMILY = "azure-openai-responses-v1"

provider = Provider(
    slug="azure",
    name="Azure",
    base_url="https://{resource}.openai.azure.com/openai/v1",
    variables={"resource": "AZURE_OPENAI_RESOURCE"},
    auth=header("api-key", "AZURE_OPENAI_API_KEY"),
    max_tokens_field="max_completion_tokens",
    refuses=frozenset({"top_k", "min_p", "top_a", "repetition_penalty"}),
    offers=(
        Offer("openai/gpt-5.1"),
        Offer("openai/gpt-5.1-2025-11-13", "gpt-5.1-2025-11-13"),
        Offer("openai/gpt-5.1-chat"),
        Offer("openai/gpt-5.1-codex", dialect="openai_responses", family=_FAMILY),
        Offer("openai/gpt-5.1-codex-mini", dialect="openai_responses", family=_FAMILY),
        Offer("openai/*", dialect="openai_embeddings"),
    ),
    privacy_policy_url="https://www.microsoft.com/privacy/privacystatement",
    status_page_url="https://status.azure.com",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
