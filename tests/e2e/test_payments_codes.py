"""Codes over HTTP and by command: made, listed, redeemed, revoked."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from shop import Shop

from entrepot import cli


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """One engine: what differs between them is tested beside the payments themselves."""
    return f"sqlite:///{tmp_path / 'e.db'}"


async def test_codes_are_made_listed_redeemed_and_revoked(shop: Shop) -> None:
    made = (await shop.call("/codes", amount=10, count=3, expires_at="2099-01-01T00:00:00Z")).json()["data"]
    assert len({code["code"] for code in made}) == 3
    listed = (await shop.ask("GET", "/codes?limit=2")).json()
    assert (len(listed["data"]), listed["total_count"], listed["data"][0]["code"]) == (2, 3, None)
    assert (await shop.ask("DELETE", f"/codes/{made[1]['id']}")).status_code == 200
    shop.gateway.management_key = shop.gateway.live_key
    answer = await shop.call("/codes/redeem", code=made[0]["code"].lower())
    assert (answer.json()["data"]["credit"], answer.json()["data"]["balance"]) == (10, 10)
    for code in made[:2]:
        refused = await shop.call("/codes/redeem", code=code["code"])
        assert refused.status_code == 400 and refused.json()["error"]["metadata"]["field"] == "code"
    assert (await shop.call("/codes", amount=10)).status_code == 403
    shop.gateway.management_key = shop.gateway.test_key
    assert (await shop.call("/codes/redeem", code=made[2]["code"])).status_code == 403


async def test_a_workspace_is_named_by_its_slug_too(shop: Shop) -> None:
    made = (await shop.call("/workspaces", name="Team One", slug="team-one")).json()["data"]["id"]
    code = (await shop.call("/codes", amount=10, workspace_id="team-one")).json()["data"][0]
    opened = (await shop.call("/credits/checkout", amount=20, workspace_id="team-one")).json()["data"]
    listed = (await shop.ask("GET", "/payments?workspace_id=team-one")).json()["data"]
    stated = (await shop.ask("GET", "/workspaces/team-one/statements/2026-01.json")).json()["data"]
    assert {one["workspace_id"] for one in (code, opened, *listed, stated)} == {made}
    assert [one["id"] for one in listed] == [opened["id"]]
    assert (await shop.ask("GET", "/workspaces/team-one/card")).json() == {"data": None}
    assert (await shop.ask("GET", "/workspaces/%00/card")).status_code == 404


def test_codes_by_command_are_csv_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--data-dir", str(tmp_path))
    assert cli.run(("codes", "create", "--amount", "10", "--count", "2", "--expires", "2099-01-31", *place)) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["amount_usd"] for row in rows] == ["10", "10"] and rows[0]["code"] != rows[1]["code"]
    assert cli.run(("codes", "revoke", rows[0]["id"], *place)) == 0
    capsys.readouterr()
    assert cli.run(("codes", "list", "--json", *place)) == 0
    told = json.loads(capsys.readouterr().out)
    assert (sorted(code["state"] for code in told["codes"]), told["total"]) == (["revoked", "unused"], 2)
    assert cli.run(("codes", "create", "--amount", "-1", *place)) == 1
    assert cli.run(("codes", "create", "--amount", "1", "--expires", "soon", *place)) == 1
    assert cli.run(("payments", "list", *place)) == 0 and "Nobody has paid" in capsys.readouterr().out
    assert cli.run(("payments", "show", "pay-1", *place)) == 1
