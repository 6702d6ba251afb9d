"""Cloudflare's `ai/run`: `prompt` or `messages` in, an envelope with `result` out. Spoken by clients only.

`wire` what differs from Chat Completions · `names` Cloudflare's names of models · `parse` a body to a chat request
`write` answers and streams · `refuse` the envelope of errors
"""
