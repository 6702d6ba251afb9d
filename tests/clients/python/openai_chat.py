"""OpenAI's SDK on Chat Completions."""

import json

from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam
from steps import ABOUT, HELLO, KEY, PARAMETERS, TOLD, URL, WEATHER, Berth, run

client = OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0)
MODEL = "openai/gpt-5.1"
HI: list[ChatCompletionMessageParam] = [{"role": "user", "content": HELLO}]
function = {"name": "get_weather", "description": ABOUT, "parameters": PARAMETERS, "strict": True}


def plain():
    return client.chat.completions.create(model=MODEL, messages=HI).choices[0].message.content


def stream():
    with client.chat.completions.stream(model=MODEL, messages=HI) as events:
        return [event.delta for event in events if event.type == "content.delta"]


def tools():
    messages = [{"role": "user", "content": WEATHER}]
    asked = {"model": MODEL, "tools": [{"type": "function", "function": function}], "reasoning_effort": "low"}
    first = client.chat.completions.create(messages=messages, **asked).choices[0].message
    (call,) = first.tool_calls
    messages += [first.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.id, "content": TOLD}]
    second = client.chat.completions.create(messages=messages, **asked).choices[0].message
    return {"asked": [json.loads(call.function.arguments)["city"]], "said": second.content}


def structured():
    return client.chat.completions.parse(model=MODEL, messages=HI, response_format=Berth).choices[0].message.parsed


run(plain, stream, tools, structured)
