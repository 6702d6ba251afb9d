"""The llama.cpp server on this machine. Facts from its documentation, read 2026-11; newest builds listen on 9931."""

from entrepot.providers import Provider, Quirk

provider = Provider(
    slug="llamacpp",
    name="llama.cpp",
    base_url="http://127.0.0.1:9931/v1",
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    local_ports=(9931, 8080),
    data_policy="zdr",
    source="provider documentation",
    as_of="2026-11",
)
