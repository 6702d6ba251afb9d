"""What this dialect says of models, and of counted tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from entrepot.values.model import Model

_METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_USUAL_PAGE = 50
_LARGEST_PAGE = 1000
_PARAMETERS = {"temperature": "temperature", "top_p": "topP", "top_k": "topK"}


def model_entry(model: Model) -> dict[str, Any]:
    """One entry of the models list. `name` is what stands in the paths; `version` is the date of a snapshot, where it has one."""
    entry: dict[str, Any] = {
        "name": f"models/{model.id}",
        "baseModelId": model.id,
        "version": model.canonical_slug.removeprefix(model.id).strip("-") or "latest",
        "displayName": model.name,
        "description": model.description,
        "supportedGenerationMethods": list(_METHODS) if "text" in model.output_modalities else [],
    }
    if model.context_length is not None:
        entry["inputTokenLimit"] = model.context_length
    if model.max_completion_tokens is not None:
        entry["outputTokenLimit"] = model.max_completion_tokens
    if model.reasoning is not None:
        entry["thinking"] = True
    for name, google in _PARAMETERS.items():
        value = model.default_parameters.get(name)
        if value is not None:
            entry[google] = int(value) if name == "top_k" else value
    return entry


def models_page(models: Sequence[Model], size: int, token: str) -> dict[str, Any]:
    """One page of the list.

    size   entries wished, 0 for the usual number; more than 1000 are not given at once
    token  `nextPageToken` of the page before, a number; "" for the first. One past the end, of a list that shrank, gives nothing
    """
    first = int(token or 0)
    last = first + min(size or _USUAL_PAGE, _LARGEST_PAGE)
    page: dict[str, Any] = {"models": [model_entry(model) for model in models[first:last]]}
    if last < len(models):
        page["nextPageToken"] = str(last)
    return page


def counted(tokens: int) -> dict[str, Any]:
    """The answer of countTokens."""
    return {"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]}
