"""Google's SDK, which calls the tool itself."""

from google import genai
from google.genai import types
from steps import HELLO, KEY, TOLD, URL, WEATHER, Berth, run

client = genai.Client(api_key=KEY, vertexai=False, http_options=types.HttpOptions(base_url=URL))
MODEL = "google/gemini-2.5-flash"


def plain():
    return client.models.generate_content(model=MODEL, contents=HELLO).text


def stream():
    return [chunk.text for chunk in client.models.generate_content_stream(model=MODEL, contents=HELLO) if chunk.text]


def tools():
    asked = []

    def get_weather(city: str) -> str:
        """Current weather of a city"""
        asked.append(city)
        return TOLD

    config = types.GenerateContentConfig(tools=[get_weather])
    return {"said": client.models.generate_content(model=MODEL, contents=WEATHER, config=config).text, "asked": asked}


def structured():
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Berth)
    return client.models.generate_content(model=MODEL, contents=HELLO, config=config).parsed


run(plain, stream, tools, structured)
