"""LiteLLM as a client: one spelling of a request for each of our surfaces."""

import json
import os

import litellm
from steps import ABOUT, HELLO, KEY, PARAMETERS, TOLD, URL, WEATHER, Berth, run

WAYS = {
    "chat": {"model": "openai/openai/gpt-5.1", "api_base": URL + "/v1"},
    "openrouter": {"model": "openrouter/openai/gpt-5.1", "api_base": URL + "/api/v1"},
    "messages": {"model": "anthropic/anthropic/claude-opus-4.5", "api_base": URL, "max_tokens": 9000},
}
told = {**WAYS[os.environ["WAY"]], "api_key": KEY, "num_retries": 0}
HI = [{"role": "user", "content": HELLO}]
weather = {"type": "function", "function": {"name": "get_weather", "description": ABOUT, "parameters": PARAMETERS}}
litellm.suppress_debug_info = True


def plain():
    return litellm.completion(**told, messages=HI).choices[0].message.content


def stream():
    chunks = litellm.completion(**told, messages=HI, stream=True)
    return [piece for chunk in chunks if (piece := chunk.choices[0].delta.content)]


def tools():
    messages = [{"role": "user", "content": WEATHER}]
    first = litellm.completion(**told, messages=messages, tools=[weather]).choices[0].message
    (call,) = first.tool_calls
    messages += [first, {"role": "tool", "tool_call_id": call.id, "content": TOLD}]
    second = litellm.completion(**told, messages=messages, tools=[weather]).choices[0].message
    return {"asked": [json.loads(call.function.arguments)["city"]], "said": second.content}


def structured():
    answer = litellm.completion(**told, messages=HI, response_format=Berth)
    return Berth.model_validate_json(answer.choices[0].message.content)


run(plain, stream, tools, structured)
