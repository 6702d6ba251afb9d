"""Anthropic's Messages, as clients speak it to us and as Anthropic and those who imitate it speak it to us.

`parse`, `converse` client to values · `render` values to provider · `read` provider to events · `write` events to client
`respeak`, `splice` where both sides speak it · the rest are their parts
"""
