"""How the suite is shared out among processes: a file goes to one of them whole, those that take long before all others.

What starts several servers and puts them under load is one lot, so that no two of its tests run at the same time.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

UNDER_LOAD = ("test_no_overdraft.py", "test_kill.py", "test_database_away.py", "test_replicas.py")
LONG = ("test_docs_run.py", "test_pages.py", "test_openapi.py")


class WholeFiles(LoadScopeScheduling):
    """Files in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "under load" if file.endswith(UNDER_LOAD) else file


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a run of one process files stay in the order of their names."""
    if hasattr(config, "workerinput"):
        first = {name: place for place, name in enumerate((*UNDER_LOAD, *LONG))}
        items.sort(key=lambda item: first.get(item.path.name, len(first)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return WholeFiles(config, log)
