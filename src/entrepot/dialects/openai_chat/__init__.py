"""OpenAI Chat Completions, as clients speak it to us (with OpenRouter's additions) and as providers speak it.

`parse` client to values · `render` values to provider · `answer` and `stream` provider to client · `usage` and `finish` their parts.
"""
