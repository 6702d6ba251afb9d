"""LangChain's OpenAI package on Chat Completions."""

from langchain_clients import drive
from langchain_openai import ChatOpenAI
from steps import KEY, URL

told = {"model": "openai/gpt-5.1", "base_url": URL + "/v1", "api_key": KEY, "max_retries": 0}
drive(ChatOpenAI(**told), ChatOpenAI(**told, reasoning_effort="low"))
