"""Endpoints are checked by themselves when an operator wants it, once however many servers there are."""

import asyncio
from pathlib import Path
from typing import Any

from entrepot.checks import store
from entrepot.checks.store import Report
from entrepot.storage.engines import open_store
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, streamed

MODEL = "openai/gpt-4o"


def settings(url: str) -> dict[str, Any]:
    return {
        "providers": {"acme": {"dialect": "openai_chat", "base_url": url, "api_key": ""}},
        "endpoints": [{"model": MODEL, "provider": "acme", "upstream_model": "gpt-4o"}],
        "checks": {"every_h": 24, "models": f"{MODEL}, nobody/nothing"},
    }


async def report_of(gateway: Gateway) -> Report:
    db = open_store(gateway.settings)
    try:
        async with asyncio.timeout(60):
            while not (found := store.latest(db, MODEL)):
                await asyncio.sleep(0.05)
        return found[0]
    finally:
        db.close()


async def test_two_servers_check_an_endpoint_once(tmp_path: Path) -> None:
    async with FakeUpstream([streamed("no", " idea")]) as upstream:
        async with Gateway(data_dir=tmp_path, **settings(upstream.url)) as one:
            async with Gateway(data_dir=tmp_path, **settings(upstream.url)) as other:
                report = await report_of(one)
                assert (report.endpoint, report.model) == (f"{MODEL}@acme", MODEL)
                assert {finding.check for finding in report.findings if finding.passed == 0} >= {"instructions", "json"}
                asked = len(upstream.seen)
                assert await report_of(other) == report
        assert asked == sum(1 for seen in upstream.seen) == report_calls(report)


def report_calls(report: Report) -> int:
    """Token counts and seeds are asked for twice a case."""
    twice = {"counting", "seed"}
    return sum((2 if finding.check in twice else 1) * (finding.tried + finding.unanswered) for finding in report.findings)
