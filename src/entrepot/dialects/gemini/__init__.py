"""Google's generateContent and streamGenerateContent, as clients speak it to us and as the Gemini API and Vertex AI speak it.

client to values     `asked` the shape of a request · `parse` · `converse` with `contents` and `schema`
values to provider   `render` with `turns`, `thinking` and `schema`
provider to events   `told` the shape of an answer · `read` with `partial` and `grounding`
events to client     `write` · `splice` where both sides speak it · `frames` the bytes of streams
words of both ways   `usage` · `finish` · `state` signatures of other makers · `listing` models and counted tokens
"""
