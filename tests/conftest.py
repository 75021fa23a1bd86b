"""What all tests share: the reference data, where there is some, and clean settings."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from skywright.settings import get_settings
from skywright.store.database import Database
from tests import postgres

# No timing in tests: a kernel may have to compile first. In CI the examples are fixed.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("any"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "any")

# Ray would otherwise write a token of its own into the home of whoever runs the tests.
os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5ca1ab1e" * 8}

_ROOT = Path(__file__).resolve().parents[1]


def _data_folder(room: str) -> Path:
    named = os.environ.get("SKYWRIGHT_TEST_DATA")
    choices = (
        [Path(named)] if named else [_ROOT / "shared" / "data", _ROOT.parent / "shared" / "data"]
    )
    found = next((path / room for path in choices if (path / room).is_dir()), None)
    if found is None:
        pytest.skip(f"{room} reference data is not here (put it in shared/data/{room})")
    return found


@pytest.fixture(scope="session")
def reference_data() -> Path:
    return _data_folder("neo")


@pytest.fixture(scope="session")
def ssa_data() -> Path:
    return _data_folder("ssa")


@pytest.fixture(scope="session")
def assistant_data() -> Path:
    return _data_folder("assistant")


@pytest.fixture(scope="session")
def space_industry_data() -> Path:
    return _data_folder("space-industry")


@pytest.fixture(autouse=True)
def _fresh_settings(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("SKYWRIGHT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SKYWRIGHT_DATA_DIR", str(tmp_path / "skywright"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def postgres_server():
    """URL of a PostgreSQL started for these tests."""
    if postgres.program("initdb") is None:
        pytest.skip("PostgreSQL is not on this machine (Debian: apt install postgresql)")
    with postgres.running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service)])
def any_database(request, tmp_path):
    """An empty database: SQLite, and PostgreSQL where there is one."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'any.db'}")
    else:
        database = Database(postgres.new_database(request.getfixturevalue("postgres_server")))
    yield database
    database.close()
