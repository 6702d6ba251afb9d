"""Cohere's v2/chat, as a provider speaks it. Facts from its API reference and recordings, 2026-11.

`read` its answers to events · `render` a conversation to its body
"""
