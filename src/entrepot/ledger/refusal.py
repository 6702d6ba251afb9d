"""How a caller is told that money is short: which limit, what it needs, what is there, what would mend it (contract 5.3)."""

from __future__ import annotations

from typing import Any

from entrepot.errors import Forbidden, GatewayError, OutOfCredits
from entrepot.values.money import usd

_SOURCES = {"key": "openrouter_key_limit", "credit": "openrouter_credits"}
_IN_FLIGHT = "openrouter_in_flight_budget"
_RETRY_S = 2.0


def refusal(purse: str, required: int, available: int, unspent: int, affordable_tokens: int, wished_tokens: int) -> GatewayError:
    """available  what is neither spent nor held; unspent  with what other calls hold at the moment"""
    kind, _, *more = purse.split("/")
    available, unspent = max(available, 0), max(unspent, 0)
    told: dict[str, Any] = {"required": usd(required), "available": usd(available), "limit": _name(kind, more)}
    if kind == "budget":
        return Forbidden(
            f"The workspace's {more[0]} budget is reached: this needs up to ${usd(required)}, and ${usd(available)} is left.",
            remedy="Wait for the budget to begin anew, or ask whoever manages the workspace to raise it.",
            metadata=told | {"limit_source": "workspace_budget", "interval": more[0]},
        )
    in_flight = required <= unspent
    told["limit_source"] = _IN_FLIGHT if in_flight else _SOURCES[kind]
    if in_flight:
        told["reason"] = "in_flight_budget_exhausted"
    error = OutOfCredits(
        f"This request requires more credits, or fewer max_tokens: it needs up to ${usd(required)}, and ${usd(available)} of "
        f"the {_name(kind, more)} is available. " + _afford(affordable_tokens, wished_tokens),
        remedy=_remedy(kind, in_flight=in_flight, affordable=affordable_tokens),
        retry_after_s=_RETRY_S if in_flight else None,
        metadata=told,
    )
    error.retryable = in_flight
    return error


def _name(kind: str, more: list[str]) -> str:
    if kind == "credit":
        return "workspace's credit"
    return "key's limit" if more[0] == "lifetime" else f"key's {more[0]} limit"


def _afford(affordable: int, wished: int) -> str:
    if not wished:
        return ""
    return f"You requested up to {wished} tokens, but can only afford {max(affordable, 0)}."


def _remedy(kind: str, *, in_flight: bool, affordable: int) -> str:
    if in_flight:
        return "Other calls hold the rest at the moment: try again when some of them are over, or send fewer max_tokens."
    more = "Add credit to the workspace" if kind == "credit" else "Raise the key's limit, or wait until it is reset"
    return f"Send max_tokens of {affordable} or less, or: {more}." if affordable > 0 else f"{more}."
