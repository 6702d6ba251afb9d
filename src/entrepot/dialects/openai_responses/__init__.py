"""OpenAI Responses, as clients speak it to us (with OpenRouter's additions) and as providers speak it.

`parse` client bytes to a request · `converse` to a conversation · `render` a conversation to a provider · `read` a provider's
answer to events · `write` events to the client's answer · `splice` where both sides speak it · `stored` responses that are kept ·
`shape` the words of the wire · `state` whose encrypted reasoning is whose · `usage` and `refuse` what their names say.
"""
