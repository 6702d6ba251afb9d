"""Mistral. Facts from its API reference, read 2026-11: the seed is `random_seed`, tool call ids have nine characters,
and a field that it does not know is an error."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="mistral",
    name="Mistral",
    base_url="https://api.mistral.ai/v1",
    auth=bearer("MISTRAL_API_KEY"),
    quirks=frozenset(
        {Quirk.DEVELOPER_AS_SYSTEM, Quirk.RANDOM_SEED, Quirk.TOOL_IDS_NINE, Quirk.NO_STREAM_OPTIONS, Quirk.OUTPUT_DIMENSION}
    ),
    refuses=frozenset(
        {"logit_bias", "logprobs", "top_logprobs", "user", "store", "service_tier", "safety_identifier", "modalities"}
    )
    | {"top_k", "min_p", "top_a", "repetition_penalty", "verbosity", "web_search_options"},
    offers=(Offer("mistralai/*"), Offer("mistralai/*", dialect="openai_embeddings")),
    privacy_policy_url="https://mistral.ai/terms#privacy-policy",
    status_page_url="https://status.mistral.ai",
    headquarters="FR",
    source="provider API reference",
    as_of="2026-11",
)
