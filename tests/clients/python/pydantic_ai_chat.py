"""pydantic-ai's OpenAI model on Chat Completions."""

from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai_clients import drive
from steps import KEY, URL

drive(OpenAIChatModel("openai/gpt-5.1", provider=OpenAIProvider(base_url=URL + "/v1", api_key=KEY)))
