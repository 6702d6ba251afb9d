"""vLLM on this machine. Facts from its documentation, read 2026-11."""

from entrepot.providers import Provider, Quirk

provider = Provider(
    slug="vllm",
    name="vLLM",
    base_url="http://127.0.0.1:8000/v1",
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    local_ports=(8000,),
    data_policy="zdr",
    source="provider documentation",
    as_of="2026-11",
)
