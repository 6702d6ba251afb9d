"""Z.ai: the GLM models. Facts from its API reference and recorded traffic, read 2026-11; `tool_choice` is only ever auto."""

from entrepot.providers import Offer, Provider, Quirk, bearer

provider = Provider(
    slug="z-ai",
    name="Z.AI",
    base_url="https://api.z.ai/api/paas/v4",
    auth=bearer("ZAI_API_KEY"),
    quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM, Quirk.REASONING_CONTENT_BACK, Quirk.THINKING_SWITCH}),
    refuses=frozenset({"tool_choice"}),
    offers=(Offer("z-ai/*"),),
    headquarters="CN",
    source="provider API reference",
    as_of="2026-11",
)
