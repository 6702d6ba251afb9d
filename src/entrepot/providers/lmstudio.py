"""LM Studio on this machine. Facts from its documentation, read 2026-11."""

from entrepot.providers import Provider, Quirk

provider = Provider(
    slug="lmstudio",
    name="LM Studio",
    base_url="http://127.0.0.1:1234/v1",
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    local_ports=(1234,),
    data_policy="zdr",
    source="provider documentation",
    as_of="2026-11",
)
