"""What the tests of real clients share: a gateway with the sandbox, and the table that stands at the end of a run."""

from collections.abc import Iterator

import pytest
from running import COLUMNS, TABLE, Table, missing
from scripted import FAMILIES

from entrepot.testing.gateway import ServerProcess

TITLES = {
    "real clients against a running gateway": COLUMNS,
    "agents that edit a file and run a command, by what the provider speaks": tuple(FAMILIES),
}
PACE = {"ENTREPOT_SANDBOX_TOKENS_PER_S": "2000"}
"""Slow enough that a stream comes in pieces, which is what a client has to put together."""


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    with ServerProcess(environment=PACE) as process:
        yield process


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    why = missing()
    for item in items:
        if why and item.get_closest_marker("clients"):
            item.add_marker(pytest.mark.skip(reason=why))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLE] = Table()


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    """`table[client, column] = "yes"`, where the column is one of `running.COLUMNS`."""
    return request.config.stash[TABLE]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    table = config.stash[TABLE]
    if table:
        for title, columns in TITLES.items():
            for number, line in enumerate(table.lines(columns)):
                if number == 0:
                    terminalreporter.section(title)
                terminalreporter.write_line(line)
