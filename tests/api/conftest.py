"""An application with nothing behind it yet, and clients that call it without a socket."""

import warnings

import pytest

from skywright.api import create_app
from skywright.security.keys import new_key
from skywright.settings import get_settings
from skywright.store.database import Database
from skywright.store.keys import add_key

with warnings.catch_warnings():  # it asks for a successor of httpx that few have
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

APOPHIS = {
    "designation": "2004 MN4",
    "epoch_jd_tdb": 2461000.5,
    "a_au": 0.9223,
    "e": 0.1911,
    "i_deg": 3.341,
    "node_deg": 203.9,
    "peri_deg": 126.7,
    "mean_anomaly_deg": 90.3,
    "h_mag": 19.1,
}


@pytest.fixture
def apophis():
    return dict(APOPHIS)


@pytest.fixture
def make_client():
    """Clients of applications that did no start-up work: requests meet a cold server."""
    made = []

    def make(settings=None, *, base_url="http://testserver", peer="testclient"):
        app = create_app(settings)
        made.append(app)
        return TestClient(app, base_url=base_url, client=(peer, 50000))

    yield make
    for app in made:
        app.state.services.jobs.close()
        app.state.services.close_serving()
        app.state.services.work.close()
        app.state.services.database.close()


@pytest.fixture
def client(make_client):
    """A caller on this machine."""
    return make_client(base_url="http://127.0.0.1", peer="127.0.0.1")


@pytest.fixture
def make_key():
    def make(role="viewer", name="test", expires_at=None):
        database = Database.of(get_settings())
        key = new_key()
        add_key(
            database,
            prefix=key.prefix,
            sha256=key.sha256,
            name=name,
            role=role,
            expires_at=expires_at,
        )
        database.close()
        return key

    return make


@pytest.fixture
def echo_predictions(monkeypatch):
    """Stand in for the models: the answer names what was sent."""

    def predict(objects):
        return [{"designation": row.get("designation"), "a": row.get("a_au")} for row in objects]

    monkeypatch.setattr("skywright.api.objects_routes.predict_all", predict)
