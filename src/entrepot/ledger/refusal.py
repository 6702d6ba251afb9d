"""How a caller is told that money is short: which limit, what it needs, what is there, what would mend it (contract 5.3)."""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.errors import Forbidden, GatewayError, OutOfCredits
from entrepot.values.money import usd

_SOURCES = {"key": "openrouter_key_limit", "credit": "openrouter_credits"}
_IN_FLIGHT = "openrouter_in_flight_budget"
_RETRY_S = 2.0
_IN_A_MOMENT = "Other calls hold the rest at the moment: try again when some of them are over, or send fewer max_tokens."


class Lack(msgspec.Struct, frozen=True):
    """What a call needs of a purse and does not find there, in nano-dollars.

    available   what is neither spent nor held
    unspent     the same with what other calls hold at the moment
    affordable  tokens of an answer that what is available covers beside the prompt
    wished      tokens asked for with max_tokens; None: nothing was said, and what is needed is for the shortest answer made
    """

    required: int
    available: int
    unspent: int
    affordable: int
    wished: int | None = None


def refusal(purse: str, lack: Lack) -> GatewayError:
    kind, _, *more = purse.split("/")
    required, available, unspent = lack.required, max(lack.available, 0), max(lack.unspent, 0)
    told: dict[str, Any] = {"required": usd(required), "available": usd(available), "limit": _name(kind, more)}
    in_flight = required <= unspent
    if kind == "budget":
        return _over_budget(lack, more[0], in_flight=in_flight)
    told["limit_source"] = _IN_FLIGHT if in_flight else _SOURCES[kind]
    if in_flight:
        told["reason"] = "in_flight_budget_exhausted"
    error = OutOfCredits(
        f"This request requires more credits, or fewer max_tokens: {_needs(lack)} ${usd(required)}, and ${usd(available)} of "
        f"the {_name(kind, more)} is available. {_owes(kind, lack)}{_afford(lack)}",
        remedy=_remedy(kind, more, in_flight=in_flight, affordable=lack.affordable),
        retry_after_s=_RETRY_S if in_flight else None,
        expected=_expected(lack),
        received=_received(lack),
        metadata=told,
    )
    error.retryable = in_flight
    return error


def _over_budget(lack: Lack, span: str, *, in_flight: bool) -> Forbidden:
    """403, as the contract has it (4.5). What calls hold at the moment may be free again soon."""
    required, available = usd(lack.required), usd(max(lack.available, 0))
    told: dict[str, Any] = {"required": required, "available": available, "limit": f"workspace's {span} budget"}
    told |= {"limit_source": "workspace_budget", "interval": span}
    begins = f"The workspace's {span} budget"
    if not in_flight:
        anew = "" if span == "lifetime" else "wait for the budget to begin anew, or "
        mend = f"{anew}ask whoever manages the workspace to raise it"
        return Forbidden(
            f"{begins} is reached: this needs up to ${required}, and ${available} is left.",
            remedy=f"{mend[0].upper()}{mend[1:]}.",
            expected=_expected(lack),
            received=_received(lack),
            metadata=told,
        )
    held = usd(lack.unspent - max(lack.available, 0))
    error = Forbidden(
        f"{begins} is held by calls under way: this needs up to ${required}, ${available} is free, and ${held} is held and may "
        "be free again soon.",
        remedy=_IN_A_MOMENT,
        retry_after_s=_RETRY_S,
        expected=_expected(lack),
        received=_received(lack),
        metadata=told | {"reason": "in_flight_budget_exhausted", "held": held},
    )
    error.retryable = True
    return error


def _name(kind: str, more: list[str]) -> str:
    if kind == "credit":
        return "workspace's credit"
    return "key's limit" if more[0] == "lifetime" else f"key's {more[0]} limit"


def _expected(lack: Lack) -> str:
    fits = f", as with max_tokens of {lack.affordable} or less" if lack.affordable > 0 else ""
    return f"a request of at most ${usd(max(lack.available, 0))}{fits}"


def _received(lack: Lack) -> str:
    wished = "the shortest answer that is made" if lack.wished is None else f"max_tokens of {lack.wished}"
    return f"one of up to ${usd(lack.required)}, with {wished}"


def _needs(lack: Lack) -> str:
    return "it needs up to" if lack.wished is not None else "with the shortest answer that is made it needs up to"


def _owes(kind: str, lack: Lack) -> str:
    """Credit goes below zero when a payment is disputed, or paid back by another way, after it was spent."""
    if kind != "credit" or lack.unspent >= 0:
        return ""
    return f"The workspace owes ${usd(-lack.unspent)}, as after a payment that was disputed. "


def _afford(lack: Lack) -> str:
    if lack.affordable <= 0 and lack.wished is None:
        return "That does not cover the prompt."
    if lack.wished is None:
        return f"That covers an answer of {lack.affordable} tokens."
    return f"You requested up to {lack.wished} tokens, but can only afford {max(lack.affordable, 0)}."


def _remedy(kind: str, more: list[str], *, in_flight: bool, affordable: int) -> str:
    if in_flight:
        return _IN_A_MOMENT
    if kind == "credit":
        mend = "add credit to the workspace"
    else:
        mend = "raise the key's limit" + ("" if more[0] == "lifetime" else ", or wait until it is reset")
    return f"Send max_tokens of {affordable} or less, or {mend}." if affordable > 0 else f"{mend[0].upper()}{mend[1:]}."
