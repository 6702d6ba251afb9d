"""localstripe as a process of its own, with what it lacks of Stripe's documented contract.

Payment intents, charges, refunds, customers, cards, events, the parsing of forms and the keys are localstripe's own. Added here:

    sessions    Checkout sessions; `POST /_test/pay/{session}` is the customer who pays one, or lets it be
    alipay      the payment method: only some currencies, nothing kept for later, refunds that end later than they begin
    disputes    as objects of the API
    repeats     a request that comes again under one idempotency key gets the answer of the first
    off-session a charge that needs the card's owner is refused with `authentication_required`
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from typing import Any

KEY = "sk_test_local"
SECRET = "whsec_local"
GOOD, DECLINED_LATER, ASKS_OWNER = "4242424242424242", "4000000000000341", "4000002760003184"
"""Stripe's test cards: one that is good, one that can be kept and not charged, one whose owner must confirm each charge."""
ALIPAY = {"aud", "cad", "cny", "eur", "gbp", "hkd", "jpy", "myr", "nzd", "sgd", "usd"}


class LocalStripe:
    """`url` is its API's address."""

    def __enter__(self) -> LocalStripe:
        self._process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *problem: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def post(self, path: str, **told: Any) -> dict[str, Any]:
        return self._call(path, json.dumps(told).encode())

    def get(self, path: str) -> dict[str, Any]:
        return self._call(path, None)

    def _call(self, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers), timeout=10) as answer:
            return json.loads(answer.read())

    def pay(self, session: str, **told: Any) -> dict[str, Any]:
        """Gives the session as it is then.

        method  card or alipay;  card  its number;  later  it completes unpaid;  fails  what completed unpaid is not paid
        amount, currency  the session is changed behind our back
        """
        return self.post(f"/_test/pay/{session}", **told)

    def event(self, kind: str, about: str) -> dict[str, Any]:
        """An event about an object (`object:id`) as it is now."""
        return self.post("/_test/events", kind=kind, about=about)

    def charges(self, customer: str) -> list[dict[str, Any]]:
        """Payment intents of a customer, the newest first."""
        return self.get(f"/v1/payment_intents?customer={customer}&limit=100")["data"]


def _serve() -> None:
    from aiohttp import web
    from localstripe import resources, server
    from localstripe.errors import UserError

    class Session(resources.StripeObject):
        object = "checkout.session"
        _id_prefix = "cs_test_"

        def __init__(self, line_items: Any, payment_intent_data: Any, payment_method_types: Any, **told: Any) -> None:
            prices = [line["price_data"] for line in line_items]
            if "alipay" in payment_method_types and prices[0]["currency"] not in ALIPAY:
                raise UserError(400, f"The currency {prices[0]['currency']} is not supported by alipay.")
            if "customer" in told:
                resources.Customer._api_retrieve(told["customer"])
            super().__init__()
            self.amount_total = sum(int(price["unit_amount"]) for price in prices)
            self.currency = prices[0]["currency"]
            self.payment_method_types = payment_method_types
            self.client_reference_id = told["client_reference_id"]
            self.customer = told.get("customer")
            self.metadata = told["metadata"]
            self.url = f"https://checkout.test/{self.id}"
            self.status, self.payment_status, self.payment_intent = "open", "unpaid", None
            self._intent_metadata = payment_intent_data["metadata"]
            self._keeps = (told.get("payment_method_options") or {}).get("card", {}).get("setup_future_usage") == "off_session"

    class Alipay(resources.PaymentMethod):
        def __init__(self) -> None:
            resources.StripeObject.__init__(self)
            self.type, self.alipay, self.billing_details = "alipay", {}, {}
            self.customer, self.metadata = None, {}

    class Dispute(resources.StripeObject):
        object = "dispute"
        _id_prefix = "dp_"

        def __init__(self, payment_intent: str, status: str = "needs_response") -> None:
            intent = resources.PaymentIntent._api_retrieve(payment_intent)
            super().__init__()
            self.payment_intent, self.amount, self.currency = payment_intent, intent.amount, intent.currency
            self.status, self.metadata = status, {}

        @classmethod
        def _api_list_all(cls, url: str, payment_intent: Any = None, **more: Any) -> Any:
            found = super()._api_list_all(url, limit=more.get("limit"))
            found._list = [dispute for dispute in found._list if dispute.payment_intent == payment_intent]
            return found

    def begun(session: Any, told: Any) -> Any:
        """The payment intent of who pays a session, which is under way."""
        number = told.get("card", GOOD)
        card = {"number": number, "exp_month": 1, "exp_year": 2030, "cvc": "123"}
        method = Alipay() if told.get("method") == "alipay" else resources.PaymentMethod(type="card", card=card)
        if method.type not in session.payment_method_types:
            raise UserError(400, f"{method.type} is not on offer.")
        if session._keeps and method.type == "card":
            method.customer = session.customer
        of_it = {"amount": session.amount_total, "currency": session.currency, "metadata": session._intent_metadata}
        intent = resources.PaymentIntent(payment_method=method.id, customer=session.customer, **of_it)
        charge = resources.Charge(amount=intent.amount, currency=intent.currency, source=method.id)
        charge.payment_intent, intent.latest_charge = intent.id, charge
        session.payment_intent, session.status = intent.id, "complete"
        return intent

    async def pay(request: web.Request) -> web.Response:
        told, session = await request.json(), Session._api_retrieve(request.match_info["id"])
        session.amount_total = told.get("amount") or session.amount_total
        session.currency = told.get("currency") or session.currency
        if told.get("abandoned"):
            session.status = "expired"
            return server.json_response(session._export())
        known = session.payment_intent
        intent = begun(session, told) if known is None else resources.PaymentIntent._api_retrieve(known)
        if told.get("fails"):
            intent.latest_charge._set_auth_failure()
        elif not told.get("later"):
            intent.latest_charge._trigger_payment(intent._on_success)
            session.payment_status = "paid"
        return server.json_response(session._export())

    async def event(request: web.Request) -> web.Response:
        told = await request.json()
        return server.json_response(resources.Event(told["kind"], resources.store[told["about"]])._export())

    async def renumber(request: web.Request) -> web.Response:
        """The bank thinks otherwise of a card that is kept."""
        card = resources.PaymentMethod._api_retrieve(request.match_info["id"])
        card._card_number = (await request.json())["number"]
        return server.json_response(card._export())

    make_intent, make_refund = resources.PaymentIntent._api_create, resources.Refund._api_create

    def charged(cls: Any, off_session: Any = None, **told: Any) -> Any:
        method = resources.PaymentMethod._api_retrieve(told["payment_method"])
        if off_session and method.customer != told["customer"]:
            raise UserError(400, "The payment method does not belong to the customer.")
        asks = off_session and method._requires_authentication()
        told.pop("payment_method_types", None)
        intent = make_intent(**told | ({"confirm": None} if asks else {}), off_session=None if asks else off_session)
        if asks:
            intent.payment_method = None
            raise UserError(402, "This transaction requires authentication.", {"code": "authentication_required"})
        return intent

    def refunded(cls: Any, **told: Any) -> Any:
        refund = make_refund(**told)
        intent = resources.PaymentIntent._api_retrieve(told["payment_intent"])
        if isinstance(resources.PaymentMethod._api_retrieve(intent.payment_method), Alipay):
            refund.status = "pending"
        return refund

    def intents(cls: Any, url: str, customer: Any = None, created: Any = None, limit: Any = None, **more: Any) -> Any:
        found = super(resources.PaymentIntent, cls)._api_list_all(url, limit=limit, **more)
        since = int((created or {}).get("gte", 0))
        found._list = [intent for intent in found._list if intent.customer == customer and intent.created >= since]
        found._list.reverse()
        return found

    resources.PaymentIntent._api_create = classmethod(charged)
    resources.PaymentIntent._api_list_all = classmethod(intents)
    resources.Refund._api_create = classmethod(refunded)
    answers: dict[str, tuple[str, web.Response | UserError]] = {}

    @web.middleware
    async def repeats(request: web.Request, handler: Any) -> web.StreamResponse:
        key, asked = request.headers.get("Idempotency-Key"), await request.text()
        if request.method != "POST" or key is None:
            return await handler(request)
        if key not in answers:
            try:
                answers[key] = (asked, await handler(request))
            except UserError as error:
                answers[key] = (asked, error)
        before, answer = answers[key]
        if before != asked:
            raise UserError(400, "Keys for idempotent requests can only be used with the same parameters.")
        if isinstance(answer, UserError):
            raise answer
        return web.Response(body=answer.body, status=answer.status, content_type="application/json")

    server.app.middlewares.append(repeats)
    routes = server.app.router
    routes.add_post("/v1/checkout/sessions", server.api_create(Session, ""))
    routes.add_get("/v1/checkout/sessions/{id}", server.api_retrieve(Session, ""))
    routes.add_post("/v1/disputes", server.api_create(Dispute, ""))
    routes.add_post("/v1/disputes/{id}", server.api_update(Dispute, ""))
    routes.add_get("/v1/disputes", server.api_list_all(Dispute, "/v1/disputes"))
    routes.add_post("/_test/pay/{id}", pay)
    routes.add_post("/_test/card/{id}", renumber)
    routes.add_post("/_test/events", event)
    # It saves all it has at every change, for a next start that there is none of here.
    resources.Store.dump_to_disk = lambda store: None
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    web.run_app(server.app, sock=listening, print=None, access_log=None)


if __name__ == "__main__":
    _serve()
