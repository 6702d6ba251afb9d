"""`entrepot workspaces`, `prices`, `keys` and `ledger audit`, as an operator types them."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entrepot.cli import run
from entrepot.ledger.audit import Act
from entrepot.ledger.prices import Order, enter
from entrepot.metering.sheet import Rule
from entrepot.storage.engines import open_store
from entrepot.testing.gateway import settings_for


@pytest.fixture
def entrepot(tmp_path: Path) -> Callable[..., int]:
    (tmp_path / "entrepot.toml").write_text("[catalog]\nfind_local = false\n")
    return lambda *words: run([*words, "--data-dir", str(tmp_path), "--config", str(tmp_path / "entrepot.toml")])


@pytest.fixture
def told(entrepot: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """What a command prints: its JSON, or its text."""

    def tell(*words: str) -> Any:
        capsys.readouterr()
        assert entrepot(*words) == 0, capsys.readouterr().err
        printed = capsys.readouterr().out
        return json.loads(printed) if "--json" in words else printed

    return tell


def test_a_workspace_is_made_listed_changed_and_deleted(entrepot: Callable[..., int], told: Callable[..., Any]) -> None:
    made = told("workspaces", "create", "Team One!", "--billing", "prepaid", "--json")
    assert (made["slug"], made["billing"]) == ("team-one", "prepaid")
    told("workspaces", "set", "team-one", "--slug", "one", "--billing", "postpaid")
    assert told("workspaces", "show", made["id"], "--json")["billing"] == "postpaid"
    for given, kept in (("latency", "latency"), ("usual", None)):
        told("workspaces", "set", "one", "--sort", given)
        assert told("workspaces", "show", "one", "--json")["default_provider_sort"] == kept
    told("keys", "create", "--name", "k", "--workspace", "one")
    assert told("codes", "create", "--amount", "5", "--workspace", "one") and told("payments", "list", "--workspace", "one")
    assert entrepot("workspaces", "delete", "one") == 1
    told("keys", "delete", "k")
    told("workspaces", "delete", "one")
    assert [one["slug"] for one in told("workspaces", "list", "--json")] == ["default"]
    assert entrepot("workspaces", "create", "中") == 1


def test_the_price_of_a_model_that_is_gone_is_ended_by_its_name(told: Callable[..., Any], tmp_path: Path) -> None:
    told("prices", "set", "--factor", "2")
    with contextlib.closing(open_store(settings_for(tmp_path, {}))) as db:
        enter(db, Order(model="gone/model-1", rule=Rule(factor="2")), Act(actor="cli", at_ms=1))
    assert "gone/model-1" in told("prices", "end", "--model", "gone/model-1")
    assert [row["model"] for row in told("prices", "list", "--json")] == [None]


def test_a_price_is_set_shown_warned_of_and_ended(
    entrepot: Callable[..., int], told: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entrepot("prices", "set", "--factor", "-10%") == 0
    assert "Less is charged than the provider lists" in capsys.readouterr().err
    told("prices", "set", "--workspace", "default", "--model", "gpt-5.1", "--prompt", "2", "--completion", "12")
    rows = told("prices", "list", "--json")
    assert [(row["workspace_id"], row["model"], row["factor"], row["price"]) for row in rows] == [
        ("default", "openai/gpt-5.1", None, {"prompt": "2", "completion": "12"}),
        (None, None, "0.9", None),
    ]
    told("prices", "end", "--workspace", "default", "--model", "openai/gpt-5.1")
    assert [row["factor"] for row in told("prices", "list", "--json")] == ["0.9"]
    assert [row["state"] for row in told("prices", "list", "--all", "--json")] == ["active", "replaced", "active"]


@pytest.mark.parametrize(
    "words",
    [
        ("set",),
        ("set", "--factor", "-2"),
        ("set", "--factor", "1", "--prompt", "1", "--completion", "1"),
        ("set", "--prompt", "1"),
        ("set", "--prompt", "-1", "--completion", "1"),
        ("set", "--factor", "2", "--model", "nobody/nothing"),
        ("set", "--factor", "2", "--workspace", "nobody"),
        ("set", "--factor", "2", "--from", "2020-01-01"),
        ("set", "--factor", "2", "--until", "never"),
        ("end",),
    ],
)
def test_a_price_that_cannot_be_is_refused(
    entrepot: Callable[..., int], told: Callable[..., Any], words: tuple[str, ...]
) -> None:
    told("keys", "create", "--name", "first", "--json")
    assert entrepot("prices", *words) == 1
    assert told("prices", "list", "--all", "--json") == []


def test_keys_of_one_name_are_told_of_and_the_list_shows_what_is_left(
    entrepot: Callable[..., int], told: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    told("keys", "create", "--name", "ci", "--limit", "2.5", "--reset", "daily")
    assert entrepot("keys", "create", "--name", "ci") == 0
    assert "1 more key has this name" in capsys.readouterr().err
    rows = told("keys", "list", "--json")
    assert [(row["usage"], row["limit_remaining"]) for row in rows] == [(0, 2.5), (0, None)]


def test_the_audit_log_names_keys_and_shows_changes_and_refusals(entrepot: Callable[..., int], told: Callable[..., Any]) -> None:
    told("keys", "create", "--name", "ci", "--limit", "2")
    told("keys", "limit", "ci", "3")
    assert entrepot("keys", "limit", "ci", "NaN") == 1
    refused, changed, _ = told("ledger", "audit").splitlines()[1:]
    assert "key.change.refused" in refused and "limit=NaN" in refused
    assert "(ci)" in changed and "limit: 2 -> 3" in changed
    assert len(told("ledger", "audit", "--action", "key.create").splitlines()) == 2
