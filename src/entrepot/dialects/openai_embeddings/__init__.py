"""Embeddings as OpenAI's `/embeddings` has them, with OpenRouter's parts of content: vectors for texts, no conversation.

`wire` what clients send · `parse` and check · `respeak` for a provider · `answer` the vectors as they were asked for, with usage
and cost. Facts from OpenAI's and Mistral's API documents and OpenRouter's contract 2.3, read 2026-11.
"""
