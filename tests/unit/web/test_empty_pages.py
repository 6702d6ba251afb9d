"""A page that has nothing yet shows commands that can be copied as they stand."""

import re
from typing import Any

import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.testing.builders import model
from entrepot.values.command import Command
from entrepot.web.pages import FrontFacts, Pages

DOCUMENT: dict[str, Any] = {"paths": {}, "components": {"schemas": {}}}
COMMAND = Command(".venv/bin/entrepot", "--data-dir port")


def shown(path: str, host: str) -> str:
    pages = Pages(
        lambda: FrontFacts(1, 0, 0.0, (), COMMAND), lambda: DOCUMENT, lambda: Catalog([model()], ()), now_s=lambda: 3_700.0
    )
    answer = pages.respond("GET", path, {"host": host})
    assert answer is not None and answer.status == 200
    return answer.body.decode()


@pytest.mark.parametrize("path", ["/apps", "/rankings?by=category"])
def test_a_call_that_is_shown_is_whole_and_goes_to_this_gateway(path: str) -> None:
    (code,) = re.findall(r'<code data-language="bash">(.*?)</code>', shown(path, "127.0.0.1:9000"), re.S)
    assert code.startswith("curl http://127.0.0.1:9000/api/v1/chat/completions") and "…" not in code
    assert "HTTP-Referer" in code and "Authorization: Bearer" in code and "messages" in code


@pytest.mark.parametrize(("host", "program"), [("127.0.0.1:9000", ".venv/bin/entrepot"), ("port.example.test", "entrepot")])
def test_commands_are_shown_as_the_reader_types_them(host: str, program: str) -> None:
    """The demo has a data directory of its own."""
    assert f"<code>{program} demo</code>" in shown("/rankings", host)
    check = re.search(r'data-language="bash">(.*) check openai/gpt-5.1(.*)</code>', shown("/openai/gpt-5.1/benchmarks", host))
    assert check is not None and check.groups() == (program, " --data-dir port" if host.startswith("127") else "")
