"""localstripe as a process of its own, with what it lacks: Checkout sessions and disputes.

Payment intents, charges, refunds, events, the parsing of forms and the keys are localstripe's own. A session here is paid by
`POST /_test/pay/{session}`, which makes a payment intent and confirms it. localstripe knows no payment method `alipay`; what a session
that was opened for it does differently (it completes unpaid, and is paid later) is `later=1`.
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
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(told).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def pay(self, session: str, **told: Any) -> dict[str, Any]:
        """Gives the session as it is then."""
        return self.post(f"/_test/pay/{session}", **told)

    def event(self, kind: str, about: str) -> dict[str, Any]:
        """An event about an object (`object:id`) as it is now."""
        return self.post("/_test/events", kind=kind, about=about)


def _serve() -> None:
    from aiohttp import web
    from localstripe import resources, server

    class Session(resources.StripeObject):
        object = "checkout.session"
        _id_prefix = "cs_test_"

        def __init__(self, line_items: Any, payment_intent_data: Any, **told: Any) -> None:
            super().__init__()
            prices = [line["price_data"] for line in line_items]
            self.amount_total = sum(int(price["unit_amount"]) for price in prices)
            self.currency = prices[0]["currency"]
            self.payment_method_types = told["payment_method_types"]
            self.client_reference_id = told["client_reference_id"]
            self.metadata = told["metadata"]
            self.url = f"https://checkout.test/{self.id}"
            self.status, self.payment_status, self.payment_intent = "open", "unpaid", None
            self._intent_metadata = payment_intent_data["metadata"]

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

    async def pay(request: web.Request) -> web.Response:
        told, session = await request.json(), Session._api_retrieve(request.match_info["id"])
        if told.get("amount"):
            session.amount_total = told["amount"]
        if told.get("currency"):
            session.currency = told["currency"]
        card = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030, "cvc": "123"}
        method = resources.PaymentMethod(type="card", card=card)
        if session.payment_intent is None:
            of_it = {"amount": session.amount_total, "currency": session.currency, "metadata": session._intent_metadata}
            session.payment_intent = resources.PaymentIntent._api_create(payment_method=method.id, **of_it).id
        session.status = "complete"
        if not told.get("later"):
            resources.PaymentIntent._api_confirm(session.payment_intent)
            session.payment_status = "paid"
        return server.json_response(session._export())

    async def event(request: web.Request) -> web.Response:
        told = await request.json()
        return server.json_response(resources.Event(told["kind"], resources.store[told["about"]])._export())

    routes = server.app.router
    routes.add_post("/v1/checkout/sessions", server.api_create(Session, ""))
    routes.add_get("/v1/checkout/sessions/{id}", server.api_retrieve(Session, ""))
    routes.add_post("/v1/disputes", server.api_create(Dispute, ""))
    routes.add_post("/v1/disputes/{id}", server.api_update(Dispute, ""))
    routes.add_get("/v1/disputes", server.api_list_all(Dispute, "/v1/disputes"))
    routes.add_post("/_test/pay/{id}", pay)
    routes.add_post("/_test/events", event)
    # It saves all it has at every change, for a next start that there is none of here.
    resources.Store.dump_to_disk = lambda store: None
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    web.run_app(server.app, sock=listening, print=None, access_log=None)


if __name__ == "__main__":
    _serve()
