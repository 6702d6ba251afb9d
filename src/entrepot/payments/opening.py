"""Whether payments are on, and why not."""

from __future__ import annotations

from collections.abc import Callable

from entrepot.errors import NotFound
from entrepot.payments.cashier import Cashier
from entrepot.payments.receipts import Seller
from entrepot.payments.terms import terms_of
from entrepot.settings import BadSettings, Payments, secret
from entrepot.storage.database import Database

HOW_TO_INSTALL = "pip install 'entrepot[payments]'"


def off(why: str) -> Callable[[], Cashier]:
    """For who asks for the cashier when there is none."""

    def asked() -> Cashier:
        raise NotFound(
            f"Payments are off: {why}.",
            field="path",
            expected="a gateway that takes payments",
            received="one that does not",
            remedy="/docs/do/payments says how an operator turns them on.",
        )

    return asked


def open_cashier(db: Database, knobs: Payments, now_ms: Callable[[], int]) -> Cashier | str:
    """The cashier, or why there is none. raises BadSettings"""
    key = _read("stripe_key", knobs.stripe_key)
    if not key:
        return "payments.stripe_key is not set"
    webhook_secret = _read("stripe_webhook_secret", knobs.stripe_webhook_secret)
    if not webhook_secret:
        return "payments.stripe_webhook_secret is not set, and no word of a payment can be believed without it"
    try:
        from entrepot.payments.stripe_till import StripeTill
    except ImportError as error:
        return f"a package is not installed ({error.name}): {HOW_TO_INSTALL}"
    till = StripeTill(key, webhook_secret, knobs.webhook_tolerance_s, knobs.return_url, knobs.api_base)
    return Cashier(db, till, terms_of(knobs), now_ms, seller_of(knobs))


def seller_of(knobs: Payments) -> Seller:
    return Seller(knobs.seller_name, knobs.seller_address, knobs.receipt_prefix)


def _read(name: str, reference: str) -> str:
    try:
        return secret(reference)
    except KeyError as error:
        raise BadSettings([f"payments.{name}: the variable {error.args[0]} is not set"]) from None
    except OSError as error:
        raise BadSettings([f"payments.{name}: {error.filename} cannot be read ({error.strerror})"]) from None
