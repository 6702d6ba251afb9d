"""Every recorded refusal of a provider is understood."""

import functools
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from recordings import FOLDERS, ROOT, WHY_SKIPPED

from entrepot.errors import CredentialRejected, RequestRejected, Throttled
from entrepot.upstream.failures import ContentBlocked, UnknownThere, classify

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
KINDS = {400: {RequestRejected, ContentBlocked}, 401: {CredentialRejected}, 404: {UnknownThere}, 429: {Throttled}}


def _body(response: dict[str, Any]) -> bytes:
    body = response["parsed_body"] if "parsed_body" in response else response.get("body", response.get("content"))
    text = body["string"] if isinstance(body, dict) and set(body) <= {"string", "encoding"} else body
    plain = text if isinstance(text, str | bytes) else json.dumps(text)
    raw = plain if isinstance(plain, bytes) else plain.encode()
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


@functools.cache
def refusals() -> tuple[tuple[str, int, bytes], ...]:
    def found() -> Iterator[tuple[str, int, bytes]]:
        for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.yaml"))):
            for interaction in yaml.load(path.read_text(encoding="utf8"), Loader=yaml.CSafeLoader)["interactions"]:
                response = interaction["response"]
                status = response.get("status_code") or response["status"]["code"]
                if status >= 400:
                    yield path.name, status, _body(response)

    return tuple(found())


def test_there_are_recorded_refusals_of_every_kind() -> None:
    assert {status for _, status, _ in refusals()} == {400, 401, 404, 429}


def test_each_recorded_refusal_has_its_kind_and_the_providers_own_words() -> None:
    for name, status, body in refusals():
        error = classify(status, {}, body, "Acme")
        assert type(error) in KINDS[status], name
        assert error.message.startswith(f"Acme answered {status}: "), name
        assert "{" not in error.message.split(": ", 1)[1][:1], name
        assert error.raw, name
