"""Anthropic's SDK on Messages, with thinking that is sent back as it came."""

from anthropic import Anthropic
from steps import ABOUT, HELLO, KEY, PARAMETERS, TOLD, URL, WEATHER, Berth, run

client = Anthropic(base_url=URL, api_key=KEY, max_retries=0)
MODEL = "anthropic/claude-opus-4.5"
HI = [{"role": "user", "content": HELLO}]
weather = {"name": "get_weather", "description": ABOUT, "input_schema": PARAMETERS}


def said(message):
    return "".join(block.text for block in message.content if block.type == "text")


def plain():
    return said(client.messages.create(model=MODEL, messages=HI, max_tokens=2000))


def stream():
    with client.messages.stream(model=MODEL, messages=HI, max_tokens=2000) as events:
        pieces = list(events.text_stream)
        assert said(events.get_final_message()) == "".join(pieces)
        return pieces


def tools():
    messages = [{"role": "user", "content": WEATHER}]
    asked = {"model": MODEL, "tools": [weather], "max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 4000}}
    first = client.messages.create(messages=messages, **asked)
    (call,) = (block for block in first.content if block.type == "tool_use")
    assert any(block.type == "thinking" and block.signature for block in first.content), first.content
    result = {"type": "tool_result", "tool_use_id": call.id, "content": TOLD}
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    return {"asked": [call.input["city"]], "said": said(client.messages.create(messages=messages, **asked))}


def structured():
    return client.messages.parse(model=MODEL, messages=HI, max_tokens=2000, output_format=Berth).parsed_output


run(plain, stream, tools, structured)
