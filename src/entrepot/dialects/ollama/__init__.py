"""Ollama's own /api/chat, as a provider speaks it: JSON, and a stream of JSON lines. Facts from its documentation, its published
schema and recordings, 2026-11.

`read` its answers to events · `render` a conversation to its body
"""
