"""What people in offices do in the demo: workspaces and keys are made, credit is bought and redeemed, a key is disabled.

All of it goes through the rooms that do it for real, at the time that history has come to; only the payment company is a double.
"""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import msgspec

from entrepot.demo.clock import HistoryClock
from entrepot.demo.firms import FIRMS, KEYS, Firm, KeyTerms
from entrepot.demo.people import APPS
from entrepot.demo.place import Mark
from entrepot.demo.till import DemoTill
from entrepot.errors import NotFound
from entrepot.identity.store import DEFAULT_WORKSPACE, create_key, ensure_workspace, find_key, update_key
from entrepot.ledger import funding, workspaces
from entrepot.ledger.audit import Act
from entrepot.ledger.available import available_of
from entrepot.ledger.terms import set_budget
from entrepot.payments import codes, rules
from entrepot.payments.cashier import Cashier
from entrepot.payments.codes import Batch
from entrepot.payments.receipts import Seller
from entrepot.payments.terms import terms_of
from entrepot.payments.top_ups import Wish
from entrepot.settings import Payments
from entrepot.storage.database import Database
from entrepot.values.money import NANO, parse_usd

KEYS_FILE = "demo-keys.json"
_OPERATOR = "demo operator"
_SELLER = Seller("Entrepot demo", "1 Quay Street\nNowhere", "DEMO-")
_CEILING = 40
"""So many top-ups a month are the most."""


class Office:
    """Use from one thread at a time. Amounts grow with the traffic, `mark.scale`, and never shrink."""

    def __init__(self, db: Database, secret: bytes, folder: Path, mark: Mark, clock: HistoryClock) -> None:
        self._db = db
        self._secret = secret
        self._folder = folder
        self._mark = mark
        self._clock = clock
        self._times = math.ceil(max(mark.scale, 1.0))
        self._keys: dict[str, str] = {}
        self._cashier = Cashier(db, DemoTill(), terms_of(Payments(most_usd="1000000")), clock.now_ms, _SELLER)

    def open(self) -> dict[str, str]:
        """Makes what is not there yet, and gives the key of each app that still calls, by its title."""
        ensure_workspace(self._db, self._clock.now_ms())
        ids = {firm.slug: self._workspace(firm) for firm in FIRMS}
        keys = self._keys = self._kept()
        for app in APPS:
            if app.title not in keys and self._part() < app.until:
                keys[app.title] = self._key(KEYS[app.title], ids.get(app.workspace, DEFAULT_WORKSPACE))
        self._keep(keys)
        self.look()
        return keys

    def look(self) -> None:
        """Whoever runs low gets more, and what is due today is done."""
        for firm in FIRMS:
            workspace = workspaces.find(self._db, firm.slug).id
            if firm.code and available_of(self._db, [workspace])[workspace] < self._amount(firm.low):
                self._redeem(firm, workspace)
            if firm.top_up and rules.find(self._db, workspace) is None:
                self._buy(firm, workspace)
        self._cashier.top_ups.tick()
        for title in self._keys:
            terms = KEYS[title]
            if terms.disabled is not None and self._part() >= terms.disabled:
                self._disable(terms)

    def _workspace(self, firm: Firm) -> str:
        try:
            return workspaces.find(self._db, firm.slug).id
        except NotFound:
            order = workspaces.Order(name=firm.name, slug=firm.slug, description=firm.description, prepaid=firm.prepaid)
            made = workspaces.make(self._db, order, self._act())
        for span, limit in reversed(list(firm.budgets.items())):
            set_budget(self._db, made.id, span, self._amount(limit), self._act())
        if firm.grant:
            amount, act = self._amount(firm.grant), self._act()
            reason = "Welcome aboard: credit to begin with."
            order_ = funding.Order(
                actor=act.actor, at_ms=act.at_ms, key=made.id, workspace=made.id, amount_nano=amount, reason=reason
            )
            funding.grant(self._db, order_)
        return made.id

    def _key(self, terms: KeyTerms, workspace: str) -> str:
        """One that expired in an earlier part of history is made for the rest of it too, and expires at once."""
        limit = parse_usd(terms.limit) * self._times if terms.limit else None
        now_ms = self._clock.now_ms()
        return create_key(
            self._db,
            self._secret,
            name=terms.name,
            kind="live",
            now_ms=now_ms,
            expires_ms=None if terms.expires is None else max(self._at_ms(terms.expires), now_ms + 1),
            workspace=workspace,
            limit_nano=limit,
            limit_reset=terms.reset,
        )[0]

    def _disable(self, terms: KeyTerms) -> None:
        key = find_key(self._db, terms.name)
        if not key.disabled:
            update_key(self._db, msgspec.structs.replace(key, disabled=True), self._clock.now_ms())

    def _redeem(self, firm: Firm, workspace: str) -> None:
        """A code is made for somebody to sell, and this firm comes with it."""
        batch = Batch(self._amount(firm.code), 1, sold=True)
        ((code, _),) = codes.make(self._db, self._secret, batch, self._act())
        codes.redeem(self._db, self._secret, code, workspace, firm.slug, self._act(firm.name))

    def _buy(self, firm: Firm, workspace: str) -> None:
        """The first time by hand, with a card that is kept; from then on by itself."""
        amount = firm.top_up * self._times
        payment, _ = self._cashier.open(workspace, str(amount), "usd", firm.name, keep_card=True)
        self._cashier.hear(payment.session.encode(), "")
        wish = Wish(Decimal(firm.low * self._times), Decimal(amount), Decimal(amount * _CEILING))
        self._cashier.top_ups.set(workspace, wish, self._act(firm.name))

    def _amount(self, dollars: int) -> int:
        return dollars * self._times * NANO

    def _act(self, actor: str = _OPERATOR) -> Act:
        return Act(actor=actor, at_ms=self._clock.now_ms())

    def _part(self) -> float:
        return (self._clock.now_ms() / 1000 - self._mark.since_s) / (self._mark.until_s - self._mark.since_s)

    def _at_ms(self, part: float) -> int:
        return round((self._mark.since_s + part * (self._mark.until_s - self._mark.since_s)) * 1000)

    def _kept(self) -> dict[str, str]:
        try:
            return msgspec.json.decode((self._folder / KEYS_FILE).read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}

    def _keep(self, keys: dict[str, str]) -> None:
        """The apps go on calling with them; all they open is this directory, whose secret lies beside them."""
        file = self._folder / KEYS_FILE
        file.touch(0o600)
        file.write_bytes(msgspec.json.encode(keys))
