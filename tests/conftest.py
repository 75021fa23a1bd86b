"""What all tests share: the reference data, where there is some, and clean settings."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from skywright.settings import get_settings
from skywright.sources.sandbox.running import Options, running_sandbox
from skywright.store.database import Database
from tests import postgres
from tests.guard import GUARD

# No timing in tests: a kernel may have to compile first. In CI the examples are fixed.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("any"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "any")

# Ray would otherwise write a token of its own into the home of whoever runs the tests.
os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5ca1ab1e" * 8}

_ROOT = Path(__file__).resolve().parents[1]
GUARD.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    GUARD.test = "" if item.get_closest_marker("network") else item.nodeid
    try:
        return (yield)
    finally:
        GUARD.test = ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """Fail a test that spoke with the outside, even if the code under test hid the refusal."""
    try:
        return (yield)
    finally:
        if told := GUARD.report():
            pytest.fail("\n".join(told), pytrace=False)


@pytest.fixture(autouse=True)
def _offline():
    """Fail what spoke with the outside in a fixture, or in a thread that the test left behind."""
    yield
    if told := GUARD.report():
        pytest.fail("\n".join(told), pytrace=False)


_ROOMS = ("assistant", "space-industry")


def _data_folder_or_none(room: str) -> Path | None:
    named = os.environ.get("SKYWRIGHT_TEST_DATA")
    choices = (
        [Path(named)] if named else [_ROOT / "shared" / "data", _ROOT.parent / "shared" / "data"]
    )
    return next((path / room for path in choices if (path / room).is_dir()), None)


def _data_folder(room: str) -> Path:
    found = _data_folder_or_none(room)
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


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """Stand-ins for the public services, with the reference data where there are some."""
    folders = [path for room in _ROOMS if (path := _data_folder_or_none(room)) is not None]
    options = Options(cache=tmp_path_factory.mktemp("sandbox"))
    with running_sandbox(folders, options=options) as running:
        yield running


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
    if postgres.program("initdb") is None and postgres.bundled() is None:
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
