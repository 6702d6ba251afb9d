"""Together: open-weight models. Facts from its API specification, read 2026-11."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="together",
    name="Together",
    base_url="https://api.together.xyz/v1",
    auth=bearer("TOGETHER_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    offers=(
        Offer("baai/bge-base-en-v1.5", "BAAI/bge-base-en-v1.5", dialect="openai_embeddings"),
        Offer("baai/bge-large-en-v1.5", "BAAI/bge-large-en-v1.5", dialect="openai_embeddings"),
    ),
    privacy_policy_url="https://www.together.ai/privacy",
    status_page_url="https://status.together.ai",
    headquarters="US",
    source="provider API specification",
    as_of="2026-11",
)
