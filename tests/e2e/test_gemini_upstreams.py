"""Google's SDK reaches providers of other dialects, whole and in pieces, and the state of their reasoning goes back to the byte."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from gemini_schema import PUBLISHED, faults

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, Seen, plain, refusal, sse, sse_reply, streamed

genai = pytest.importorskip("google.genai", reason="google-genai, Google's own SDK, is not installed")
errors, types = genai.errors, genai.types
pytestmark = pytest.mark.asyncio(loop_scope="module")
CITY: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = types.Tool(function_declarations=[types.FunctionDeclaration(name="get_weather", parameters_json_schema=CITY)])
STATE = base64.b64encode(bytes(range(200))).decode()
OSLO = '{"city": "Oslo"}'
CALL: Any = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": OSLO}}
MODELS = {
    "anthropic_messages": "anthropic/claude-sonnet-4.5",
    "openai_responses": "openai/gpt-5.1-codex",
    "openai_chat": "openai/gpt-5.1",
    "gemini": "google/gemini-2.5-pro",
}
MESSAGE: Any = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use", "stop_sequence": None,
    "content": [
        {"type": "thinking", "thinking": "Oslo, then.", "signature": STATE},
        {"type": "text", "text": "I look it up."},
        {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo"}},
    ],
    "usage": {"input_tokens": 10, "output_tokens": 20},
}  # fmt: skip
RESPONSE: Any = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Oslo, then."}], "encrypted_content": STATE},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "I look it up.", "annotations": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_weather", "arguments": OSLO, "status": "completed"},
    ],
    "usage": {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30},
}  # fmt: skip
DETAIL: Any = {"type": "reasoning.encrypted", "data": STATE, "format": "openai-responses-v1", "id": "rs_1", "index": 0}
SUMMARY: Any = {"type": "reasoning.summary", "summary": "Oslo, then.", "format": "openai-responses-v1", "id": "rs_1", "index": 0}
COMPLETION: Any = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": "I look it up.", "reasoning": "Oslo, then.", "reasoning_details": [SUMMARY, DETAIL], "tool_calls": [CALL]}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
}  # fmt: skip
GOOGLE: Any = {
    "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [
        {"text": "Oslo, then.", "thought": True},
        {"text": "I look it up."},
        {"functionCall": {"name": "get_weather", "args": {"city": "Oslo"}}, "thoughtSignature": STATE}]}}],
    "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 20, "totalTokenCount": 30},
    "modelVersion": "m", "responseId": "r1",
}  # fmt: skip
WHOLE = {"anthropic_messages": MESSAGE, "openai_responses": RESPONSE, "openai_chat": COMPLETION, "gemini": GOOGLE}
RETURNED: dict[str, Callable[[Any], Any]] = {
    "anthropic_messages": lambda sent: sent["messages"][1]["content"][0]["signature"],
    "openai_responses": lambda sent: next(item["encrypted_content"] for item in sent["input"] if item.get("type") == "reasoning"),
    "openai_chat": lambda sent: sent["messages"][1]["reasoning_details"][1]["data"],
    "gemini": lambda sent: sent["contents"][1]["parts"][-1]["thoughtSignature"],
}


class Stage:
    """One gateway with a provider for each dialect, all of them played by `upstream`, and Google's client of the gateway."""

    def __init__(self, upstream: FakeUpstream, gateway: Gateway, client: Any, http: httpx.AsyncClient) -> None:
        self._upstream, self._gateway = upstream, gateway
        self.client, self.http = client, http
        self.reply = plain()

    def answers(self, reply: Reply) -> None:
        self.reply = reply
        self._upstream.seen.clear()

    @property
    def seen(self) -> list[Seen]:
        return self._upstream.seen


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    playing: list[Stage] = []
    async with FakeUpstream(lambda _: playing[0].reply) as upstream:
        providers: Any = {name: {"dialect": name, "base_url": upstream.url, "api_key": ""} for name in MODELS}
        providers["openai_chat"]["quirks"] = ["keeps_openrouter_fields"]
        offers = [{"model": model, "provider": name, "upstream_model": "m"} for name, model in MODELS.items()]
        async with Gateway(providers=providers, endpoints=offers) as gateway:
            options = types.HttpOptions(base_url=gateway.url, api_version="v1beta")
            key = gateway.live_key
            async with (
                genai.Client(api_key=key, http_options=options).aio as client,
                httpx.AsyncClient(base_url=gateway.url, headers={"x-goog-api-key": key}) as http,
            ):
                playing.append(Stage(upstream, gateway, client, http))
                yield playing[0]


def whole(dialect: str) -> Reply:
    return Reply(pieces=(json.dumps(WHOLE[dialect]).encode(),))


def user(*parts: Any) -> Any:
    return types.Content(role="user", parts=[types.Part(text=part) if isinstance(part, str) else part for part in parts])


@pytest.mark.parametrize("dialect", WHOLE)
async def test_a_tool_goes_round_and_the_state_comes_back_to_the_byte(stage: Stage, dialect: str) -> None:
    config = types.GenerateContentConfig(tools=[WEATHER], thinking_config=types.ThinkingConfig(include_thoughts=True))
    asked: Any = {"model": MODELS[dialect], "config": config}
    question = user("Weather in Oslo?")
    stage.answers(whole(dialect))
    told = await stage.client.models.generate_content(contents=[question], **asked)
    turn = told.candidates[0].content
    call = next(part.function_call for part in turn.parts if part.function_call)
    result = types.Part.from_function_response(name=call.name, response={"result": "Rain"})
    result.function_response.id = call.id
    await stage.client.models.generate_content(contents=[question, turn, user(result)], **asked)
    assert (call.name, call.args, told.text) == ("get_weather", {"city": "Oslo"}, "I look it up.")
    assert [part.text for part in turn.parts if part.thought and part.text] == ["Oslo, then."]
    usage = told.usage_metadata
    assert (usage.prompt_token_count, usage.total_token_count) == (10, 30)
    returned = RETURNED[dialect](stage.seen[1].json())
    # Google's SDK itself writes base64 in its other alphabet, and Google's API reads both.
    assert (returned.translate(str.maketrans("-_", "+/")) if dialect == "gemini" else returned) == STATE


def messages_stream() -> Reply:
    begun = MESSAGE | {"content": [], "stop_reason": None}
    block: Any = {"type": "content_block_delta", "index": 0}
    events: list[Any] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        block | {"delta": {"type": "text_delta", "text": "Hello, "}},
        block | {"delta": {"type": "text_delta", "text": "quay."}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 4}},
        {"type": "message_stop"},
    ]
    return sse_reply([b"event: %b\n" % event["type"].encode() + sse(event) for event in events])


def responses_stream() -> Reply:
    message: Any = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
    part: Any = {"type": "output_text", "text": "", "annotations": []}
    at: Any = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    full = message | {"status": "completed", "content": [part | {"text": "Hello, quay."}]}
    usage = {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14}
    events: list[Any] = [
        {"type": "response.created", "response": RESPONSE | {"status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": message},
        {"type": "response.content_part.added", "part": part} | at,
        {"type": "response.output_text.delta", "delta": "Hello, "} | at,
        {"type": "response.output_text.delta", "delta": "quay."} | at,
        {"type": "response.output_text.done", "text": "Hello, quay."} | at,
        {"type": "response.content_part.done", "part": part | {"text": "Hello, quay."}} | at,
        {"type": "response.output_item.done", "output_index": 0, "item": full},
        {"type": "response.completed", "response": RESPONSE | {"output": [full], "usage": usage}},
    ]
    numbered = [event | {"sequence_number": number} for number, event in enumerate(events)]
    return sse_reply([b"event: %b\n" % event["type"].encode() + sse(event) for event in numbered])


def gemini_stream() -> Reply:
    def piece(text: str, **more: Any) -> bytes:
        return sse({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}} | more], "responseId": "r1",
                    "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 4, "totalTokenCount": 14}})  # fmt: skip

    return sse_reply([piece("Hello, "), piece("quay."), piece("", finishReason="STOP")])


STREAMS = {
    "anthropic_messages": messages_stream,
    "openai_responses": responses_stream,
    "openai_chat": lambda: streamed("Hello, ", "quay."),
    "gemini": gemini_stream,
}


@pytest.mark.parametrize("dialect", STREAMS)
async def test_a_stream_of_any_dialect_comes_whole(stage: Stage, dialect: str) -> None:
    stage.answers(STREAMS[dialect]())
    stream = await stage.client.models.generate_content_stream(model=MODELS[dialect], contents="Hello")
    pieces = [piece async for piece in stream]
    assert "".join(piece.text or "" for piece in pieces) == "Hello, quay."
    assert pieces[-1].candidates[0].finish_reason == "STOP"
    assert pieces[-1].usage_metadata.total_token_count > pieces[-1].usage_metadata.candidates_token_count > 0


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="Google's published schema is not beside the repository")
@pytest.mark.parametrize("dialect", STREAMS)
@pytest.mark.parametrize("form", ["whole", "events", "array"])
async def test_what_leaves_keeps_to_googles_schema(stage: Stage, dialect: str, form: str) -> None:
    path = f"/v1beta/models/{MODELS[dialect]}:"
    path += {"whole": "generateContent", "events": "streamGenerateContent?alt=sse", "array": "streamGenerateContent"}[form]
    stage.answers(whole(dialect) if form == "whole" else STREAMS[dialect]())
    body = {"contents": [{"parts": [{"text": "Hello"}]}], "generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
    answer = await stage.http.post(path, json=body)
    media, text = answer.headers["content-type"], answer.text
    if form == "events":
        assert media.startswith("text/event-stream")
        text = "[" + ",".join(event.removeprefix("data: ") for event in text.split("\n\n") if event) + "]"
    else:
        assert media == "application/json"
    told = json.loads(text) if form != "whole" else [json.loads(text)]
    assert told[-1]["usageMetadata"].pop("cost") > 0 and told[-1]["usageMetadata"].pop("costDetails")
    assert [fault for piece in told for fault in faults("GenerateContentResponse", piece)] == []


async def test_what_is_asked_reaches_a_provider_in_its_own_words(stage: Stage) -> None:
    config = types.GenerateContentConfig(
        system_instruction="Be brief.",
        max_output_tokens=50,
        tool_config={"function_calling_config": {"mode": "ANY"}},
        tools=[WEATHER],
        response_mime_type="application/json",
        response_json_schema=CITY,
    )
    picture = types.Part.from_bytes(data=b"\x89PNG", mime_type="image/png")
    stage.answers(plain(OSLO))
    told = await stage.client.models.generate_content(model="gpt-5.1", contents=["Which city?", picture], config=config)
    sent = stage.seen[0].json()
    assert told.parsed == {"city": "Oslo"}
    assert (sent["model"], sent["tool_choice"], sent["response_format"]["json_schema"]["schema"]) == ("m", "required", CITY)
    assert sent["messages"][0]["content"] in ("Be brief.", [{"type": "text", "text": "Be brief."}])
    assert sent["messages"][1]["content"][1]["image_url"]["url"] == "data:image/png;base64,iVBORw=="
    assert "x-goog-api-key" not in stage.seen[0].headers


@pytest.mark.parametrize(
    ("status", "code", "word"), [(429, 429, "RESOURCE_EXHAUSTED"), (500, 502, "UNAVAILABLE"), (400, 400, "INVALID_ARGUMENT")]
)
async def test_a_provider_that_fails_is_told_in_googles_words(stage: Stage, status: int, code: int, word: str) -> None:
    stage.answers(refusal(status, "no berth", retry_after="7"))
    with pytest.raises(errors.APIError) as caught:
        await stage.client.models.generate_content(model="openai/gpt-5.1", contents="Hello")
    assert (caught.value.code, caught.value.status) == (code, word)
    waits = [detail["retryDelay"] for detail in caught.value.details["error"]["details"] if "retryDelay" in detail]
    assert waits == (["7s"] if status == 429 else [])


async def test_a_stream_that_is_cut_ends_with_an_error_of_googles_in_either_form(stage: Stage) -> None:
    stage.answers(streamed("Hello, ", "quay.", end="cut"))
    body = {"contents": [{"parts": [{"text": "Hello"}]}]}
    path = "/v1beta/models/openai/gpt-5.1:streamGenerateContent"
    events = (await stage.http.post(path + "?alt=sse", json=body)).text.strip().split("\n\n")
    array = (await stage.http.post(path, json=body)).json()
    for last in (json.loads(events[-1].removeprefix("data: ")), array[-1]):
        assert (last["error"]["code"], last["error"]["status"]) == (502, "UNAVAILABLE")
