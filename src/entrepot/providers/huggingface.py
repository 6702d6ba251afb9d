"""Hugging Face's router over several backing vendors. Facts from its documentation and recorded answers, read 2026-11."""

from entrepot.providers import Provider, Quirk, bearer

provider = Provider(
    slug="huggingface",
    name="Hugging Face",
    base_url="https://router.huggingface.co/v1",
    auth=bearer("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    headquarters="US",
    source="provider documentation",
    as_of="2026-11",
)
