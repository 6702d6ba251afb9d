"""pydantic-ai's Anthropic model on Messages."""

from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai_clients import drive
from steps import KEY, URL

drive(AnthropicModel("anthropic/claude-opus-4.5", provider=AnthropicProvider(base_url=URL, api_key=KEY)), native=False)
