"""instructor, which is made for structured output: whole, growing as it streams, and through a tool."""

import instructor
import pydantic
from openai import OpenAI
from steps import HELLO, KEY, TOLD, URL, WEATHER, Berth, run

there = OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0)
asked = {"model": "openai/gpt-5.1", "max_retries": 0}
HI = [{"role": "user", "content": HELLO}]


class GetWeather(pydantic.BaseModel):
    """Current weather of a city"""

    city: str


def plain():
    client = instructor.from_openai(there)
    return client.chat.completions.create(**asked, messages=HI, response_model=None).choices[0].message.content


def stream():
    client = instructor.from_openai(there, mode=instructor.Mode.TOOLS)
    berths = client.chat.completions.create_partial(**asked, messages=HI, response_model=Berth)
    return [berth.model_dump_json() for berth in berths]


def tools():
    client = instructor.from_openai(there, mode=instructor.Mode.TOOLS_STRICT)
    called, answer = client.chat.completions.create_with_completion(
        **asked, messages=[{"role": "user", "content": WEATHER}], response_model=GetWeather
    )
    call = answer.choices[0].message.tool_calls[0]
    turns = [
        {"role": "user", "content": WEATHER},
        answer.choices[0].message.model_dump(),
        {"role": "tool", "tool_call_id": call.id, "content": TOLD},
    ]
    said = client.chat.completions.create(**asked, messages=turns, response_model=None)
    return {"asked": [called.city], "said": said.choices[0].message.content}


def structured():
    client = instructor.from_openai(there, mode=instructor.Mode.JSON_SCHEMA)
    return client.chat.completions.create(**asked, messages=HI, response_model=Berth)


run(plain, stream, tools, structured)
