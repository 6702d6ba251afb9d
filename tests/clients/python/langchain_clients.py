"""What the LangChain clients do alike: a chat model in, the four steps out."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from steps import HELLO, TOLD, WEATHER, Berth, run


@tool
def get_weather(city: str) -> str:
    """Current weather of a city"""
    return TOLD


def drive(model, thinking):
    """model  as it is asked for an answer · thinking  the same with reasoning on, which a tool round trip has to bring back"""

    def plain():
        return model.invoke(HELLO).text

    def stream():
        return [chunk.text for chunk in model.stream(HELLO) if chunk.text]

    def tools():
        able = thinking.bind_tools([get_weather])
        messages = [HumanMessage(WEATHER)]
        messages.append(able.invoke(messages))
        called = messages[-1].tool_calls
        messages += [ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in called]
        return {"asked": [call["args"]["city"] for call in called], "said": able.invoke(messages).text}

    def structured():
        return model.with_structured_output(Berth).invoke(HELLO)

    run(plain, stream, tools, structured)
