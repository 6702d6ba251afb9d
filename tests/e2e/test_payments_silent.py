"""A Stripe that takes connections and says nothing does not keep a server from ending."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

import httpx

from entrepot.testing.gateway import ServerProcess


def test_a_server_ends_although_stripe_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sk_test_x")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        environment = {
            "ENTREPOT_PAYMENTS_STRIPE_KEY": f"file:{tmp_path / 'secret'}",
            "ENTREPOT_PAYMENTS_STRIPE_WEBHOOK_SECRET": f"file:{tmp_path / 'secret'}",
            "ENTREPOT_PAYMENTS_API_BASE": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "ENTREPOT_SERVER_DRAIN_S": "0.1",
        }
        with ServerProcess(environment=environment) as server:

            def buy() -> None:
                headers = {"Authorization": f"Bearer {server.management_key}"}
                with suppress(httpx.TransportError):
                    httpx.post(f"{server.url}/api/v1/credits/checkout", json={"amount": 20}, headers=headers, timeout=60)

            buying = threading.Thread(target=buy)
            buying.start()
            asked, _ = silent.accept()
            with asked:
                assert server.stop(30) == 0
            buying.join(30)
            assert not buying.is_alive()
