"""Amazon Bedrock's Converse and ConverseStream, as a provider speaks them. Facts from its API reference and recordings, 2026-11.

`frames` the binary framing of streams · `read` its answers to events · `render` a conversation to its body · `thinking` what
single model families want beside it
"""
