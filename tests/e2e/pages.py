"""The Python that a page of the documentation shows, run against a server with a test key."""

import re
from pathlib import Path

from entrepot.testing.gateway import ServerProcess

DO = Path(__file__).parents[2] / "docs" / "do"


def run_examples(name: str, server: ServerProcess) -> int:
    """Each example of a page in Python, with the server's address and key; gives how many there were."""
    blocks = re.findall(r"^```python\n(.*?)^```", (DO / f"{name}.md").read_text(encoding="utf8"), re.S | re.M)
    for block in blocks:
        exec(block.replace("http://127.0.0.1:8080", server.url).replace("sk-ep-test-...", server.test_key), {})
    return len(blocks)
