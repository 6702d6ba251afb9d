"""POST /chat/completions."""

from __future__ import annotations

from entrepot.api.chat_shapes import ChatAnswer
from entrepot.api.routes import GENERATING, Route
from entrepot.dialects.openai_chat.dialect import dialect
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.surface import Surface
from entrepot.values.chat import Chat

_PATHS = ("/api/v1/chat/completions", "/v1/chat/completions", "/chat/completions")
ROUTES = (
    Route(
        "POST",
        "/chat/completions",
        "Ask a model",
        "Inference",
        auth="key",
        body=Chat,
        returns=ChatAnswer,
        streams="chunks with `delta` in place of `message`, then one with `usage` and no choices, then [DONE]",
        errors=GENERATING,
        bases=("/api/v1", "/v1", ""),
        description="Unknown members pass to the provider and are named in the record. Test keys are answered by the sandbox.",
    ),
)

SURFACES = dict.fromkeys(_PATHS, Surface(dialect, parse_request))
