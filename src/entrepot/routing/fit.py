"""What must change in a request so that one endpoint accepts it: a pure function of the request and the endpoint's facts.

The facts (which parameters, which efforts, when sampling is accepted, how long an answer may be) are data in the catalogue. What
does not fit is dropped or clamped and noted; the notes go into the record and the `X-Entrepot-Adjusted` header, and with
`provider.require_parameters` an endpoint that would need one is not used.
"""

from __future__ import annotations

import msgspec

from entrepot.dialects.translated import dialect
from entrepot.values.model import Endpoint
from entrepot.values.request import Request

_SAMPLING = frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs"})
_LENGTH = frozenset({"max_tokens", "max_completion_tokens"})
_EFFORT = frozenset({"reasoning", "reasoning_effort", "include_reasoning"})
_IMPLIED = {
    "tool_choice": "tools",
    "parallel_tool_calls": "tools",
    "functions": "tools",
    "function_call": "tools",
    "top_logprobs": "logprobs",
    "structured_outputs": "response_format",
}
_JUDGED = _SAMPLING | {
    "top_k",
    "min_p",
    "top_a",
    "repetition_penalty",
    "prediction",
    "seed",
    "response_format",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "web_search_options",
    "verbosity",
}
_STRENGTH = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_INTERESTING = _JUDGED | _LENGTH | _EFFORT


class Fit(msgspec.Struct, frozen=True):
    """dropped     request fields to leave out
    effort      the effort to send; None: send none
    max_tokens  the length to send; None: send none
    notes       what was done, one "name: what" each
    refusal     why it cannot be done at all ("" when it can)
    """

    dropped: tuple[str, ...] = ()
    effort: str | None = None
    max_tokens: int | None = None
    notes: tuple[str, ...] = ()
    refusal: str = ""


AS_IT_IS = Fit()


def fit(request: Request, endpoint: Endpoint, refused: frozenset[str] = frozenset()) -> Fit:
    """refused  request fields the provider answers with an error"""
    sent = request.parameters
    if _INTERESTING.isdisjoint(sent) and refused.isdisjoint(sent):
        return AS_IT_IS
    notes: list[str] = []
    effort, refusal = _effort(request, endpoint, notes)
    dropped = _dropped(request, endpoint, refused, effort, notes)
    length = request.max_tokens
    most = endpoint.max_completion_tokens
    if length is not None and most is not None and length > most:
        notes.append(f"max_tokens: lowered from {length} to {most}, the most this endpoint writes")
        length = most
    return Fit(tuple(dropped), effort, length, tuple(notes), refusal)


def shortened(suited: Fit, cap: int | None) -> Fit:
    """The answer is made no longer than `cap`, which is what the money held for it covers."""
    if cap is None or (suited.max_tokens is not None and suited.max_tokens <= cap):
        return suited
    note = f"max_tokens: set to {cap}, which is what the credit or limit covers"
    return msgspec.structs.replace(suited, max_tokens=cap, notes=(*suited.notes, note))


def _effort(request: Request, endpoint: Endpoint, notes: list[str]) -> tuple[str | None, str]:
    wished, facts = request.effort, endpoint.reasoning
    if wished is None:
        return None, ""
    if facts is None:
        if not endpoint.supported_parameters or not _EFFORT.isdisjoint(endpoint.supported_parameters):
            return wished, ""
        if wished != "none":
            notes.append("reasoning: dropped, the model does not reason")
        return None, ""
    if wished == "none" and facts.mandatory:
        return None, "its reasoning cannot be switched off"
    if not facts.efforts or wished in facts.efforts:
        return wished, ""
    nearest = nearest_effort(wished, facts.efforts)
    if nearest is None:
        return None, ""
    notes.append(f"reasoning_effort: {nearest} instead of {wished}, which the model does not know")
    return nearest, ""


def nearest_effort(wished: str, known: tuple[str, ...]) -> str | None:
    """The known effort next in strength, the weaker of two; never `none` for a wish to reason. None when there is none."""
    if wished == "none":
        return None
    place = _STRENGTH.index(wished)
    candidates = [word for word in known if word != "none" and word in _STRENGTH]
    return min(candidates, key=lambda word: (abs(_STRENGTH.index(word) - place), _STRENGTH.index(word)), default=None)


def _dropped(request: Request, endpoint: Endpoint, refused: frozenset[str], effort: str | None, notes: list[str]) -> list[str]:
    dropped = []
    for name in request.parameters:
        if (name not in _JUDGED and name not in refused) or not request.gives(name):
            continue
        if name in refused:
            reason = "dropped, the provider refuses it"
        elif name in _SAMPLING and not _takes_sampling(endpoint, effort):
            reason = "dropped, the model refuses it while it reasons"
        elif name in _JUDGED and not _supports(endpoint, name):
            reason = "dropped, the model does not know it"
        else:
            continue
        dropped.append(name)
        notes.append(f"{name}: {reason}")
    return dropped


def _takes_sampling(endpoint: Endpoint, effort: str | None) -> bool:
    facts = endpoint.reasoning
    if facts is None or facts.sampling == "always":
        return True
    return facts.sampling == "unless_reasoning" and (effort or facts.default_effort) == "none"


def _supports(endpoint: Endpoint, name: str) -> bool:
    known = endpoint.supported_parameters
    if not known or name in known or _IMPLIED.get(name) in known:
        return True
    if name == "response_format":
        return "tools" in known and dialect(endpoint.dialect).forces_schemas
    facts = endpoint.reasoning
    return name in _SAMPLING and facts is not None and facts.sampling == "unless_reasoning"


def keeps_to_schemas(endpoint: Endpoint) -> bool:
    """Whether the model does by itself, as far as is known."""
    known = endpoint.supported_parameters
    return not known or "response_format" in known or "structured_outputs" in known
