"""Workspaces, their credit and the audit log over HTTP (contract 4.3, 4.5)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from entrepot.testing.gateway import Gateway

PATH = "/api/v1/workspaces"


@pytest.fixture
async def manager() -> AsyncIterator[httpx.AsyncClient]:
    async with Gateway() as gateway:
        headers = {"Authorization": f"Bearer {gateway.management_key}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30) as client:
            yield client


async def made(manager: httpx.AsyncClient, slug: str = "team-one", **more: Any) -> dict[str, Any]:
    answer = await manager.post(PATH, json={"name": "Team One", "slug": slug, **more})
    assert answer.status_code == 201, answer.text
    workspace: dict[str, Any] = answer.json()["data"]
    return workspace


async def test_a_workspace_is_made_found_by_id_and_slug_changed_and_deleted(manager: httpx.AsyncClient) -> None:
    workspace = await made(manager, description="Ours", default_provider_sort="price", io_logging_sampling_rate=0.5)
    assert (workspace["billing"], workspace["default_provider_sort"], workspace["is_data_discount_logging_enabled"]) == (
        "postpaid", "price", False,
    )  # fmt: skip
    for told in (workspace["id"], "team-one"):
        assert (await manager.get(f"{PATH}/{told}")).json()["data"] == workspace
    changed = (await manager.patch(f"{PATH}/team-one", json={"slug": "one", "default_text_model": "openai/gpt-5.1"})).json()[
        "data"
    ]
    assert changed == workspace | {"slug": "one", "default_text_model": "openai/gpt-5.1", "updated_at": changed["updated_at"]}
    assert (await manager.delete(f"{PATH}/one")).json() == {"deleted": True}
    assert (await manager.get(f"{PATH}/{workspace['id']}")).status_code == 404
    assert (await made(manager, "one"))["id"] != workspace["id"]


async def test_a_list_has_pages(manager: httpx.AsyncClient) -> None:
    for number in range(3):
        await made(manager, f"w{number}")
    page = (await manager.get(f"{PATH}?offset=1&limit=2")).json()
    assert ([row["slug"] for row in page["data"]], page["total_count"]) == (["w0", "w1"], 4)


async def test_a_workspace_with_keys_or_credit_is_not_deleted(manager: httpx.AsyncClient) -> None:
    await made(manager)
    key = (await manager.post("/api/v1/keys", json={"name": "a", "workspace_id": "team-one"})).json()["data"]
    refused = await manager.delete(f"{PATH}/team-one")
    assert (refused.status_code, "1 key" in refused.json()["error"]["message"]) == (409, True)
    await manager.delete(f"/api/v1/keys/{key['hash']}")
    await manager.post(f"{PATH}/team-one/credits", json={"kind": "grant", "amount": 5, "reason": "hello"})
    refused = await manager.delete(f"{PATH}/team-one")
    assert (refused.status_code, "$5 of credit" in refused.json()["error"]["message"]) == (409, True)
    await manager.post(f"{PATH}/team-one/credits", json={"kind": "refund", "amount": 5, "reason": "bye"})
    assert (await manager.delete(f"{PATH}/team-one")).status_code == 200
    assert (await manager.delete(f"{PATH}/default")).status_code == 409


async def test_keys_are_listed_by_workspace_and_those_disabled_on_wish(manager: httpx.AsyncClient) -> None:
    workspace = await made(manager)
    told = {"workspace_id": "team-one", "include_byok_in_limit": True, "creator_user_id": "user_1"}
    hashes = [(await manager.post("/api/v1/keys", json={"name": "same", **told})).json()["data"]["hash"] for _ in range(3)]
    await manager.patch(f"/api/v1/keys/{hashes[0]}", json={"disabled": True})
    both = (await manager.get(f"/api/v1/keys?workspace_id={workspace['id']}")).json()
    assert both["total_count"] == 3
    assert {(key["include_byok_in_limit"], key["creator_user_id"], key["workspace_id"]) for key in both["data"]} == {
        (True, "user_1", workspace["id"])
    }
    assert (await manager.get("/api/v1/keys?workspace_id=team-one&include_disabled=false&offset=1")).json()["total_count"] == 2
    assert hashes[1] not in {key["hash"] for key in (await manager.get("/api/v1/keys")).json()["data"]}
    assert (await manager.get("/api/v1/keys?workspace_id=nobody")).status_code == 404


async def test_credit_is_given_once_for_each_order_and_shown(manager: httpx.AsyncClient) -> None:
    order = {"kind": "grant", "amount": "12.5", "reason": "November", "key": "order-1"}
    first, again = [await manager.post(f"{PATH}/default/credits", json=order) for _ in range(2)]
    assert (first.json()["data"]["done"], again.json()["data"]["done"], again.json()["data"]["balance"]) == (True, False, 12.5)
    assert (await manager.get("/api/v1/credits")).json()["data"] == {"total_credits": 12.5, "total_usage": 0}


async def test_a_bad_amount_changes_nothing_and_leaves_a_line(manager: httpx.AsyncClient) -> None:
    bad = [
        {"kind": kind, "amount": amount} for kind in ("grant", "refund") for amount in (0, -1, "NaN", 1e30, "0.0000000001", "x")
    ]
    for order in bad:
        refused = await manager.post(f"{PATH}/default/credits", json=order | {"reason": "x"})
        assert refused.status_code == 400 and refused.json()["error"]["message"].endswith("Nothing was changed."), refused.text
    assert (await manager.get(f"{PATH}/default/credits")).json()["data"]["balance"] == 0
    told = (await manager.get("/api/v1/audit?action=credit")).json()
    assert (told["total_count"], told["data"][0]["action"]) == (len(bad), "credit.change.refused")
    assert "Nothing was changed" in told["data"][0]["after"]["why"]


BAD: list[dict[str, Any]] = [
    {"name": "A"},
    {"name": "", "slug": "a"},
    {"name": "A" * 101, "slug": "a"},
    {"name": "A", "slug": "a--b"},
    {"name": "A", "slug": "Ä"},
    {"name": "A", "slug": "a" * 51},
    {"name": "A\u0000", "slug": "a"},
    {"name": "A", "slug": "a", "description": "d" * 501},
    {"name": "A", "slug": "a", "default_provider_sort": "luck"},
    {"name": "A", "slug": "a", "io_logging_sampling_rate": 0},
    {"name": "A", "slug": "a", "billing": "never"},
]


async def test_a_bad_workspace_is_refused_and_leaves_a_line(manager: httpx.AsyncClient) -> None:
    for bad in BAD:
        refused = await manager.post(PATH, json=bad)
        assert refused.status_code == 400, (bad, refused.text)
    assert (await manager.get(PATH)).json()["total_count"] == 1
    told = (await manager.get("/api/v1/audit?action=workspace")).json()
    assert (told["total_count"], told["data"][0]["action"]) == (len(BAD), "workspace.create.refused")


async def test_a_slug_is_given_once(manager: httpx.AsyncClient) -> None:
    await made(manager)
    assert (await manager.post(PATH, json={"name": "B", "slug": "team-one"})).status_code == 409
    await made(manager, "two")
    assert (await manager.patch(f"{PATH}/two", json={"slug": "team-one"})).status_code == 409


async def test_the_audit_log_tells_who_changed_what_and_is_filtered_and_paged(manager: httpx.AsyncClient) -> None:
    key = (await manager.post("/api/v1/keys", json={"name": "a", "limit": 1})).json()["data"]
    path = f"/api/v1/keys/{key['hash']}"
    await manager.patch(path, json={"limit": 2})
    assert (await manager.patch(path, json={"limit": -2})).status_code == 400
    found = (await manager.get(f"/api/v1/audit?subject=key/{key['hash']}")).json()
    assert [line["action"] for line in found["data"]] == ["key.change.refused", "key.change", "key.create"]
    changed = found["data"][1]
    assert (changed["before"], changed["after"], changed["actor"][:11]) == ({"limit": "1"}, {"limit": "2"}, "sk-ep-mgmt-")
    page = (await manager.get("/api/v1/audit?action=key.change&limit=1&offset=1")).json()
    assert (page["total_count"], len(page["data"])) == (2, 1)
    assert (await manager.get("/api/v1/audit?since=2100-01-01T00:00:00Z")).json() == {"data": [], "total_count": 0}
    assert (await manager.get("/api/v1/audit?since=1960-01-01")).json()["total_count"] > 0
    assert "changed" not in (await manager.get("/api/v1/audit?since=soon")).json()["error"]["message"]
    assert (await manager.get("/api/v1/audit?before=yesterday")).status_code == 400


async def test_what_an_operator_sells_is_prepaid_when_the_settings_say_so() -> None:
    async with Gateway(ledger={"new_workspaces": "prepaid"}) as gateway:
        headers = {"Authorization": f"Bearer {gateway.management_key}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as manager:
            assert [(await made(manager))["billing"], (await made(manager, "b", billing="postpaid"))["billing"]] == [
                "prepaid",
                "postpaid",
            ]
            assert (await manager.get(f"{PATH}/default")).json()["data"]["billing"] == "postpaid"
