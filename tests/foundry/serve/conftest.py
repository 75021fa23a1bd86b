"""A registry with stand-ins for models, and serving put together over it."""

import asyncio
from functools import partial

import pytest

from skywright.foundry.registry import Registry
from skywright.foundry.serve.choosing import Ask
from skywright.foundry.serve.reference import parse_reference
from skywright.foundry.serve.serving import Pools, Serving
from skywright.settings import Settings
from skywright.store.database import Database
from tests.serving import StandIn, add_model


@pytest.fixture
def stand_in(monkeypatch):
    kind = StandIn()
    monkeypatch.setattr("skywright.foundry.serve.opened.kind_named", lambda name: kind)
    return kind


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path / 'data' / 'skywright.db'}")
    yield made
    made.close()


@pytest.fixture
def registry(tmp_path, database):
    return Registry(tmp_path / "data" / "models", database)


@pytest.fixture
def add(registry, tmp_path, stand_in):
    return partial(add_model, registry, tmp_path)


@pytest.fixture
def make_serving(tmp_path, database, stand_in):
    made = []

    def make(**settings):
        settings.setdefault("data_dir", tmp_path / "data")
        one = Serving.of(Settings(**settings), database, Pools(_in_thread, _in_thread))
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.fixture
def serving(make_serving):
    return make_serving()


@pytest.fixture
def ask(serving):
    """Ask one row, and wait for the shadows that it calls."""

    def one(model, row, key=None, on=None):
        async def story():
            answering = (on or serving).answering
            found = await answering.one(Ask(parse_reference(model), "tester", key), row)
            await answering.shadows_done()
            return found

        return asyncio.run(story())

    return one


async def _in_thread(function, *args):
    return await asyncio.to_thread(function, *args)
