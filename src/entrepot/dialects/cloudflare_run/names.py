"""Cloudflare's names of models to slugs of the catalogue.

`@cf/openai/gpt-oss-120b` is `openai/gpt-oss-120b`; authors and a few models are spelt otherwise there, and a name may end in how
the weights are kept (`-fp8`, `-awq`), which is Cloudflare's own affair. Names without `@` are slugs already. Read 2026-11.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import decode_fields, encode

_AUTHORS = {
    "deepseek-ai": "deepseek",
    "ibm": "ibm-granite",
    "meta": "meta-llama",
    "mistral": "mistralai",
    "zai-org": "z-ai",
}
_MODELS = {
    "llama-4-scout-17b-16e-instruct": "llama-4-scout",
    "qwen2.5-coder-32b-instruct": "qwen-2.5-coder-32b-instruct",
}
_SIGNS = ("@cf/", "@hf/")
_KEPT_AS = re.compile(r"(-(fp8|fp16|int8|awq|fast|lora))+$")


def slug_of(name: str) -> str:
    """A sandbox's or routing suffix after a colon stays."""
    if not name.startswith(_SIGNS):
        return name
    whole, colon, suffix = name[4:].partition(":")
    author, _, model = whole.partition("/")
    model = _KEPT_AS.sub("", model)
    return f"{_AUTHORS.get(author, author)}/{_MODELS.get(model, model)}{colon}{suffix}"


def with_slug(body: bytes) -> bytes:
    """A JSON body whose `model` may be one of Cloudflare's names, with the slug in its place. What is no such body stays."""
    if b'"@' not in body:
        return body
    try:
        fields = decode_fields(body)
        name = msgspec.json.decode(fields.get("model", b'""'), type=str)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    return encode({**fields, "model": Raw(encode(slug_of(name)))}) if name.startswith(_SIGNS) else body
