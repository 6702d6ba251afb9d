"""The key of the chat page, over HTTP."""

from collections.abc import Iterator

import httpx
import pytest

from entrepot.testing.gateway import ServerProcess


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        yield running


def test_the_page_gets_a_test_key_that_works(server: ServerProcess) -> None:
    made = httpx.post(server.url + "/chat/key", headers={"Origin": server.url})
    assert made.status_code == 201
    key = made.json()["key"]
    told = httpx.get(server.url + "/api/v1/key", headers={"Authorization": f"Bearer {key}"}).json()["data"]
    assert (told["name"], told["is_test_key"], told["expires_at"]) == ("Chat page", True, made.json()["expires_at"])


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"X-Forwarded-For": "203.0.113.9"}])
def test_nobody_else_does_and_is_told_what_to_do(server: ServerProcess, headers: dict[str, str]) -> None:
    refused = httpx.post(
        server.url + "/chat/key", headers=({"Origin": server.url} if "X-Forwarded-For" in headers else {}) | headers
    )
    assert refused.status_code == 403
    assert "keys create" in refused.json()["error"]["metadata"]["remedy_hint"]


def test_models_of_the_page_are_those_that_write_text_with_the_parameters_of_the_api(server: ServerProcess) -> None:
    told = httpx.get(server.url + "/chat/models.json").json()
    model = next(model for model in told["models"] if model["id"] == "openai/gpt-5.1")
    assert {"temperature", "seed"} <= set(model["takes"])
    assert (model["efforts"], model["price"], model["reads"]) == (
        ["high", "medium", "low", "none"],
        ["$1.25", "$10.00"],
        ["text", "image"],
    )
    controls = {control["name"]: control for control in told["controls"]}
    assert (controls["temperature"]["kind"], controls["temperature"]["least"], controls["temperature"]["most"]) == (
        "number",
        0,
        2,
    )
    assert controls["verbosity"]["kind"] == "choice"
