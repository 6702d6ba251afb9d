"""Whatever comes to `ai/run` is understood or refused in Cloudflare's envelope, never a bug."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.dialects.cloudflare_run.parse import parse, parse_universal
from entrepot.dialects.cloudflare_run.refuse import render_error
from entrepot.dialects.dialect import Wishes
from entrepot.dialects.translated import body_for, conversation_of
from entrepot.errors import InvalidRequest

WORDS = [
    "messages", "prompt", "role", "content", "name", "tool_calls", "tool_call_id", "arguments", "function", "id", "type", "tools",
    "parameters", "description", "response_format", "json_schema", "schema", "properties", "stream", "max_tokens", "temperature",
    "top_k", "seed", "raw", "lora", "options", "rejectIfBusy", "model", "input", "n", "models", "text", "image_url", "url",
]  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**70), st.floats(allow_nan=False), st.text(max_size=5),
    st.sampled_from(["user", "assistant", "tool", "system", "json_schema", "json_object", "f", "@cf/openai/gpt-oss-20b"]),
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4), max_leaves=10
)
CALLS = st.lists(
    st.fixed_dictionaries({}, optional={"id": LEAVES, "name": st.sampled_from("fg"), "arguments": VALUES, "function": VALUES}),
    max_size=2,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "system"]), "content": st.text(max_size=3) | VALUES},
        optional={"tool_calls": CALLS, "tool_call_id": LEAVES, "name": LEAVES},
    ),
    max_size=5,
)
OPTIONAL = dict.fromkeys([word for word in WORDS if word not in ("messages", "prompt")], VALUES)
BODIES = st.one_of(
    VALUES,
    st.fixed_dictionaries({"messages": MESSAGES}, optional=OPTIONAL),
    st.fixed_dictionaries({"prompt": st.text(max_size=4)}, optional=OPTIONAL),
)


@settings(max_examples=150, deadline=None)
@given(BODIES)
def test_any_json_is_a_request_or_refused(value: Any) -> None:
    for read, body in ((parse, value), (parse_universal, {"model": "a/b", "input": value})):
        try:
            request = read(json.dumps(body).encode())
            conversation_of(request)
            for provider in ("openai_chat", "anthropic_messages", "gemini", "openai_responses"):
                json.loads(body_for(request, provider, Wishes("m")).body)
        except InvalidRequest as refused:
            status, told = render_error(refused, "gen-1")
            assert status == 400 and json.loads(told)["errors"][0]["message"]
