"""Other gateways, as columns, once `make bench-peers` has installed them into `.venv-peers`. One worker each, no database."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.processes import free_port
from bench.targets import FAST, OPEN, PACED, Target, logged, upstream_model

_FOLDER = Path(".venv-peers")
_KEY = "sk-bench"


@contextlib.contextmanager
def litellm(upstream: int, place: Path) -> Iterator[Target]:
    program = _installed("bin/litellm")
    port, config = free_port(), place / "litellm.yaml"
    rows = [
        {
            "model_name": upstream_model(manner),
            "litellm_params": {
                "model": f"openai/{upstream_model(manner)}",
                "api_base": f"http://127.0.0.1:{upstream}/v1",
                "api_key": "none",
            },
        }
        for manner in (FAST, PACED, OPEN)
    ]
    config.write_text(json.dumps({"model_list": rows, "litellm_settings": {"drop_params": True}}))
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    # Without the second it fetches a price list from the network at start.
    environment = {"LITELLM_MASTER_KEY": _KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    with logged("LiteLLM", command, port, place, environment) as child:
        # More are not open within a minute.
        yield Target("LiteLLM", port, child, streams=300, key=_KEY)


@contextlib.contextmanager
def sglang_router(upstream: int, place: Path) -> Iterator[Target]:
    port, python = free_port(), _installed("bin/python")
    _installed("lib/python*/site-packages/sglang_router")
    command = [python, "-m", "sglang_router.launch_router", "--worker-urls", f"http://127.0.0.1:{upstream}"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--prometheus-port", str(free_port())]
    with logged("sglang-router", command, port, place) as child:
        yield Target("sglang-router", port, child)


@contextlib.contextmanager
def portkey(upstream: int, place: Path) -> Iterator[Target]:
    port, script = free_port(), _installed("node_modules/@portkey-ai/gateway/build/start-server.js")
    with logged("Portkey", [_node(), script, f"--port={port}", "--headless"], port, place) as child:
        target = Target("Portkey", port, child, key="none")
        target.headers |= {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1"}
        yield target


def _installed(pattern: str) -> str:
    """Where it is among the peers. raises FileNotFoundError"""
    found = next(_FOLDER.glob(pattern), None)
    if found is None:
        raise FileNotFoundError(pattern)
    return str(found.absolute())


def _node() -> str:
    """The one beside this Python, else the system's."""
    for path in (str(Path(sys.executable).parent), None):
        if found := shutil.which("node", path=path):
            return found
    raise FileNotFoundError("node")
