"""OpenAI's SDK on Responses, sending its own items back."""

import json

from openai import OpenAI
from steps import ABOUT, HELLO, KEY, PARAMETERS, TOLD, URL, WEATHER, Berth, run

client = OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0)
MODEL = "openai/gpt-5.1"
function = {"type": "function", "name": "get_weather", "description": ABOUT, "parameters": PARAMETERS, "strict": True}


def plain():
    return client.responses.create(model=MODEL, input=HELLO).output_text


def stream():
    with client.responses.stream(model=MODEL, input=HELLO) as events:
        pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
        assert events.get_final_response().output_text == "".join(pieces)
        return pieces


def tools():
    items = [{"role": "user", "content": WEATHER}]
    asked = {
        "model": MODEL,
        "tools": [function],
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    first = client.responses.create(input=items, **asked)
    (call,) = (item for item in first.output if item.type == "function_call")
    sealed = [item.encrypted_content for item in first.output if item.type == "reasoning"]
    assert sealed and all(sealed), first.output
    items += [item.model_dump(exclude_none=True) for item in first.output]
    items += [{"type": "function_call_output", "call_id": call.call_id, "output": TOLD}]
    second = client.responses.create(input=items, **asked)
    return {"asked": [json.loads(call.arguments)["city"]], "said": second.output_text}


def structured():
    return client.responses.parse(model=MODEL, input=HELLO, text_format=Berth).output_parsed


run(plain, stream, tools, structured)
