"""Automatic top-up: credit bought with the kept card when little is left; and cards of deleted workspaces are forgotten.

The database decides: a charge is written down before it is asked for, and of those one may be under way for a workspace, over all
processes. What became of a charge that nobody heard the end of is asked at Stripe, a few minutes later; one that Stripe has never
seen is given up, and begun anew where it is still wanted. A charge that failed stops the rule, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import msgspec

from entrepot.errors import Conflict, GatewayError, InvalidRequest, NotFound
from entrepot.ledger import audit, leases
from entrepot.ledger.audit import Act
from entrepot.ledger.funding import amount_of
from entrepot.ledger.purses import window_of
from entrepot.ledger.workspaces import check_lives
from entrepot.payments import cards, posting, rules, store
from entrepot.payments.cards import Payer
from entrepot.payments.posting import Seen, mismatch
from entrepot.payments.receipts import Seller
from entrepot.payments.rules import Rule
from entrepot.payments.store import Payment, new_payment
from entrepot.payments.terms import Terms, amount_text, day_of
from entrepot.payments.till import Ask, CardDeclined, SessionSeen, Till, TillAway, TillRefuses
from entrepot.storage.database import Database, StorageAway
from entrepot.values.money import usd
from entrepot.values.times import DAY_MS

_AT_ONCE = 4
_PROMPT_MS = 30_000
"""A charge that was written down longer ago than this is no longer asked for, but asked about."""
_HALF_WAY_MS = 3 * 60_000
"""By then whoever asked for a charge has had an answer, or is dead."""
_LOOKS_MS = 60_000
"""How often cards of deleted workspaces are looked for, and tried again."""
_ACTOR = "top-up"


class Wish(msgspec.Struct, frozen=True):
    """threshold and monthly_ceiling in US dollars, the amount in the currency; all as somebody typed them."""

    threshold: Decimal
    amount: Decimal
    monthly_ceiling: Decimal
    currency: str = "usd"


class Look(msgspec.Struct, frozen=True):
    """What a look at all workspaces found: rules that have stopped, and why Stripe could not be asked, "" when it could."""

    stopped: tuple[Rule, ...]
    away: str


class TopUps:
    """Its methods ask the store and Stripe, and so belong on a thread."""

    def __init__(self, db: Database, till: Till, terms: Terms, now_ms: Callable[[], int], seller: Seller = Seller()) -> None:
        self._db = db
        self._till = till
        self._terms = terms
        self._now_ms = now_ms
        self._seller = seller
        self._away: list[str] = []
        self._next_look_ms = 0

    def find(self, workspace: str) -> Rule:
        """raises NotFound"""
        rule = rules.find(self._db, workspace)
        if rule is None:
            raise NotFound(
                "There is no automatic top-up of this workspace.",
                field="id",
                expected="a workspace that has one",
                received=workspace[:80],
                remedy="PUT sets one.",
            )
        return rule

    def card(self, workspace: str) -> Payer | None:
        """Who pays for a workspace, with the card that is kept."""
        return cards.find(self._db, workspace)

    def set(self, workspace: str, wish: Wish, act: Act) -> Rule:
        """Turns it on, also after it was stopped. raises InvalidRequest, NotFound, Conflict without a card"""
        quote = self._terms.quote(str(wish.amount), wish.currency, day_of(act.at_ms))
        threshold = amount_of(str(wish.threshold), field="threshold")
        ceiling = amount_of(str(wish.monthly_ceiling), field="monthly_ceiling")
        one = quote.total_minor * quote.rate_nano
        if ceiling < one:
            raise InvalidRequest(
                f"`monthly_ceiling` must cover one top-up, which is ${usd(one)} with its fee. Nothing was changed.",
                field="monthly_ceiling",
                expected=f"at least {usd(one)}",
                received=usd(ceiling),
                remedy="Raise `monthly_ceiling`, or lower `amount`.",
            )
        rule = Rule(workspace, threshold, quote.currency, quote.amount_minor, ceiling, changed_ms=act.at_ms)
        with self._db.transaction(alone=leases.alone(workspace)):
            check_lives(self._db, workspace, "id")
            payer = cards.find(self._db, workspace)
            if payer is None or not payer.card:
                raise Conflict("No card is kept to charge.", remedy="Buy credit once with `save_card`: true, and pay by card.")
            rules.put(self._db, rule, act)
        return rule

    def remove(self, workspace: str, act: Act) -> None:
        """raises NotFound"""
        with self._db.transaction(alone=leases.alone(workspace)):
            if not rules.remove(self._db, workspace, act):
                self.find(workspace)

    def remove_card(self, workspace: str, act: Act) -> None:
        """Forgets the card here and at Stripe. raises NotFound, TillAway"""
        try:
            if not cards.remove(self._db, self._till, workspace, act):
                raise NotFound(
                    "No card of this workspace is kept.",
                    field="id",
                    expected="a workspace with a card",
                    received=workspace[:80],
                    remedy="There is nothing to forget; GET /api/v1/workspaces/{id}/card shows what is kept.",
                )
        except TillRefuses as error:
            raise Conflict(
                f"Stripe does not forget the card: {error}. Nothing was changed.",
                remedy="Try again, or detach the card in Stripe's dashboard first.",
            ) from None

    def workspace_gone(self) -> None:
        """One was deleted: the next tick lets go of its card, as it would within a minute of a deletion elsewhere."""
        self._next_look_ms = 0

    def tick(self) -> Look:
        """Finds out what became of charges left half-way, begins those that are due, and forgets cards of who is gone."""
        self._away = []
        self._forget_cards()
        for payment in store.top_ups_under_way(self._db, self._now_ms() - _HALF_WAY_MS):
            self._tried(payment.workspace, lambda payment=payment: self._find_out(payment))  # type: ignore[misc] # bound now
        low = rules.low(self._db)
        if low:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="top-ups") as pool:
                list(pool.map(lambda workspace: self._tried(workspace, lambda: self._top_up(workspace)), low))
        return Look(tuple(rules.stopped(self._db)), self._away[0] if self._away else "")

    def _forget_cards(self) -> None:
        now_ms = self._now_ms()
        if now_ms < self._next_look_ms:
            return
        self._next_look_ms = now_ms + _LOOKS_MS
        act = Act(actor=_ACTOR, at_ms=now_ms)
        for workspace in cards.left_behind(self._db):
            self._tried(workspace, lambda workspace=workspace: cards.remove(self._db, self._till, workspace, act))  # type: ignore[misc] # bound now

    def _tried(self, workspace: str, work: Callable[[], object]) -> None:
        try:
            work()
        except (TillAway, StorageAway, TillRefuses) as error:
            self._away.append(f"{workspace}: {error}")

    def _top_up(self, workspace: str) -> None:
        begun = self._begin(workspace)
        if begun is not None:
            self._charge(*begun)

    def _begin(self, workspace: str) -> tuple[Payment, Payer] | None:
        """Writes the charge down, if it is still due. Whoever comes second finds it."""
        act = Act(actor=_ACTOR, at_ms=self._now_ms())
        with self._db.transaction(alone=leases.alone(workspace)):
            rule = rules.find(self._db, workspace)
            if rule is None or workspace not in rules.low(self._db, workspace):
                return None
            payer = cards.find(self._db, workspace)
            if payer is None or not payer.card:
                rules.stop(self._db, workspace, "no card is kept any more", act)
                return None
            try:
                quote = self._terms.quote(amount_text(rule.amount_minor, rule.currency), rule.currency, day_of(act.at_ms))
            except GatewayError as error:
                rules.stop(self._db, workspace, error.message, act)
                return None
            since_ms = window_of("monthly", act.at_ms).first_day * DAY_MS
            if store.topped_up(self._db, workspace, since_ms) + quote.total_minor * quote.rate_nano > rule.ceiling_nano:
                rules.note(self._db, rule, f"the monthly ceiling of ${usd(rule.ceiling_nano)} is reached; it goes on next month")
                return None
            rules.note(self._db, rule, "")
            payment = new_payment(workspace, quote, act, origin="top_up")
            store.add(self._db, payment)
            told = {"workspace": workspace, "currency": quote.currency, "total_minor": quote.total_minor}
            audit.write(self._db, act, "payment.open", f"payment/{payment.id}", {}, told)
        return payment, payer

    def _charge(self, payment: Payment, payer: Payer) -> None:
        if self._now_ms() - payment.created_ms > _PROMPT_MS:
            return
        try:
            charge = self._till.charge(Ask(payment.id, payment.quote, payer.customer, card=payer.card))
        except CardDeclined as error:
            self._end(payment, _in_words(error))
        except TillRefuses as error:
            self._end(payment, f"Stripe refuses the charge: {error}")
        else:
            self._bring_up(payment, charge)

    def _find_out(self, payment: Payment) -> None:
        """What became of a charge that nobody heard the end of."""
        payer = cards.find(self._db, payment.workspace)
        assert payer is not None
        intent = payment.intent or self._till.charge_of(payment.id, payer.customer, payment.created_ms)
        if intent:
            self._bring_up(payment, self._till.charged(intent))
        else:
            self._end(payment, "")

    def _bring_up(self, payment: Payment, charge: SessionSeen) -> None:
        act = Act(actor=_ACTOR, at_ms=self._now_ms())
        seen = Seen(charge)
        wrong = mismatch(payment, seen)
        if wrong:
            with self._db.transaction():
                audit.write(self._db, act, "payment.refused", f"payment/{payment.id}", {}, {"why": wrong})
            self._end(payment, wrong)
            return
        posting.bring_up(self._db, payment.id, seen, act, self._seller)

    def _end(self, payment: Payment, failure: str) -> None:
        """It comes to nothing. failure  "": it was never asked for, and may be begun anew"""
        quote = payment.quote
        charge = SessionSeen("", "", payment.id, quote.total_minor, quote.currency, False, not failure, "", failure)
        self._bring_up(payment, charge)


def _in_words(error: CardDeclined) -> str:
    if error.code == "authentication_required":
        return "the bank wants the card's owner to confirm: buy credit once with `save_card`, then turn automatic top-up on again"
    return f"the card was declined: {error}"
