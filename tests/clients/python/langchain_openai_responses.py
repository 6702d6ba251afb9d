"""LangChain's OpenAI package on Responses."""

from langchain_clients import drive
from langchain_openai import ChatOpenAI
from steps import KEY, URL

told = {"model": "openai/gpt-5.1", "base_url": URL + "/v1", "api_key": KEY, "max_retries": 0, "use_responses_api": True}
sealed = {"include": ["reasoning.encrypted_content"], "store": False, "reasoning": {"effort": "low", "summary": "auto"}}
drive(ChatOpenAI(**told), ChatOpenAI(**told, **sealed))
