"""Cohere. Facts from its API reference and recorded answers, read 2026-11."""

from entrepot.providers import Offer, Provider, bearer

_TOOLS = frozenset({"tools", "tool_choice", "logprobs"})

provider = Provider(
    slug="cohere",
    name="Cohere",
    base_url="https://api.cohere.com/v2",
    dialect="cohere",
    auth=bearer("COHERE_API_KEY", "CO_API_KEY"),
    refuses=frozenset({"logit_bias", "top_logprobs", "min_p", "top_a", "repetition_penalty", "prediction"})
    | {"parallel_tool_calls", "verbosity", "web_search_options"},
    offers=(
        Offer("cohere/command-a", "command-a-03-2025", supports=_TOOLS),
        Offer("cohere/command-r7b-12-2024", supports=_TOOLS),
        Offer("cohere/command-r-08-2024", supports=_TOOLS),
        Offer("cohere/command-r-plus-08-2024", supports=_TOOLS),
    ),
    privacy_policy_url="https://cohere.com/privacy",
    terms_of_service_url="https://cohere.com/terms-of-use",
    status_page_url="https://status.cohere.com",
    headquarters="CA",
    source="provider API reference",
    as_of="2026-11",
)
