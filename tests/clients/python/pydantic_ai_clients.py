"""What the pydantic-ai clients do alike: a model in, the four steps out."""

from pydantic_ai import Agent, ModelSettings, NativeOutput
from steps import HELLO, TOLD, WEATHER, Berth, run


def drive(model, *, native=True):
    """native  the provider's own way of structured output, and not a tool that is called with it"""

    async def plain():
        return (await Agent(model).run(HELLO)).output

    async def stream():
        async with Agent(model).run_stream(HELLO) as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

    async def tools():
        agent, asked = Agent(model, model_settings=ModelSettings(thinking="low")), []

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """Current weather of a city"""
            asked.append(city)
            return TOLD

        return {"said": (await agent.run(WEATHER)).output, "asked": asked}

    async def structured():
        return (await Agent(model, output_type=NativeOutput(Berth) if native else Berth).run(HELLO)).output

    run(plain, stream, tools, structured)
