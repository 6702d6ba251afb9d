"""LangChain's Anthropic package on Messages."""

from langchain_anthropic import ChatAnthropic
from langchain_clients import drive
from steps import KEY, URL

told = {"model": "anthropic/claude-opus-4.5", "base_url": URL, "api_key": KEY, "max_retries": 0, "max_tokens": 9000}
drive(ChatAnthropic(**told), ChatAnthropic(**told, thinking={"type": "enabled", "budget_tokens": 4000}))
