"""Who buys in the demo: workspaces with their terms, and the keys of the apps, some of which come to an end."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from entrepot.ledger.purses import Span
from entrepot.values.caller import Reset


class Firm(msgspec.Struct, frozen=True):
    """Amounts are whole US dollars.

    grant    credit given to it at the beginning
    code     of a code that it redeems as often as it runs low
    top_up   bought with its card as often as it runs low; the first time it pays by itself and lets the card be kept
    low      what it does not want to have less of
    budgets  what its keys may spend together in each span
    """

    slug: str
    name: str
    description: str
    prepaid: bool = True
    grant: int = 0
    code: int = 0
    top_up: int = 0
    low: int = 0
    budgets: Mapping[Span, int] = {}


FIRMS = (
    Firm("bosun", "Bosun Labs", "Agents for people who build. Pays by card, topped up by itself.", top_up=150, low=60),
    Firm("hearthside", "Hearthside", "Company in the evening. Buys codes from a shop.", grant=10, code=25, low=15),
    Firm("tallyman", "Tallyman & Daughters", "Reads bills of lading all night. Still on its first credit.", grant=25),
    Firm("splice", "Splice", "An editor's other half. Pays at the end of the month, within a budget.", False,
        budgets={"daily": 9, "monthly": 200}),
)  # fmt: skip
"""Beside them stands the first workspace, which is bound by nothing."""


class KeyTerms(msgspec.Struct, frozen=True):
    """limit    whole or broken US dollars; "" for none
    expires  how far through history it does, 0 to 1; `disabled` when somebody does that
    """

    name: str
    limit: str = ""
    reset: Reset | None = None
    expires: float | None = None
    disabled: float | None = None


KEYS: Mapping[str, KeyTerms] = {
    "Bosun": KeyTerms("bosun cli, production"),
    "Splice": KeyTerms("splice editor", "220", "monthly"),
    "Hearthside": KeyTerms("hearthside web", "30", "weekly"),
    "Lanternfish": KeyTerms("lanternfish ios"),
    "Tallyman": KeyTerms("tallyman night shift", "0.30", "daily"),
    "Marginalia": KeyTerms("marginalia"),
    "Ferryman": KeyTerms("ferryman", "20", "monthly"),
    "Cartographer": KeyTerms("cartographer notebooks"),
    "Inkwell": KeyTerms("inkwell web"),
    "Plumbline": KeyTerms("plumbline ci", "15", "weekly"),
    "Stowage": KeyTerms("stowage index"),
    "Sextant": KeyTerms("sextant, summer intern", expires=0.45),
    "Coxswain": KeyTerms("coxswain (found in a public repository)", disabled=0.6),
    "": KeyTerms("trying things out", "0.12"),
}
"""By the title of the app that calls with it."""
