"""OpenAI Chat Completions, as clients speak it to us (with OpenRouter's additions) and as providers speak it.

`parse` client to values · `render` values to provider · `answer`, `stream` provider to client · the rest are their parts.
"""
