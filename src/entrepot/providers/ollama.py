"""Ollama on this machine, by its compatible path. Facts from its documentation, read 2026-11."""

from entrepot.providers import Provider, Quirk

provider = Provider(
    slug="ollama",
    name="Ollama",
    base_url="http://127.0.0.1:11434/v1",
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM}),
    refuses=frozenset({"tool_choice", "logit_bias", "n", "user"}),
    local_ports=(11434,),
    data_policy="zdr",
    source="provider documentation",
    as_of="2026-11",
)
