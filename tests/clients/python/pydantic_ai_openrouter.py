"""pydantic-ai's OpenRouter model, which refuses an answer that does not name its provider."""

from openai import AsyncOpenAI
from pydantic_ai.models.openrouter import OpenRouterModel
from pydantic_ai.providers.openrouter import OpenRouterProvider
from pydantic_ai_clients import drive
from steps import KEY, URL

there = AsyncOpenAI(base_url=URL + "/api/v1", api_key=KEY, max_retries=0)
drive(OpenRouterModel("openai/gpt-5.1", provider=OpenRouterProvider(openai_client=there)))
