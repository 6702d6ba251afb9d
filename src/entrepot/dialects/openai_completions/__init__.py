"""Legacy Completions, for clients only: one prompt becomes the one message of a conversation, and text comes back.

`wire` what clients send · `parse` and check · `write` the `text_completion`. What a conversation cannot do (suffixes, ranking,
the probabilities of a prompt) is refused with a remedy. Facts from OpenAI's API document, read 2026-11.
"""
