"""Who is let in: this machine while there are no keys, and good keys afterwards."""

import pytest

from skywright.settings import Settings
from skywright.store.database import Database
from skywright.store.keys import revoke_key

pytestmark = pytest.mark.usefixtures("echo_predictions")


def _bearer(key):
    return {"authorization": f"Bearer {key.secret}"}


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "127.8.9.1", "::ffff:127.0.0.1"])
def test_without_keys_this_machine_is_served(make_client, peer):
    client = make_client(base_url="http://localhost:8080", peer=peer)
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("peer", ["192.168.1.7", "8.8.8.8", "fe80::1%eth0", "::ffff:10.0.0.1"])
def test_without_keys_others_are_not(make_client, peer):
    client = make_client(base_url="http://127.0.0.1:8080", peer=peer)
    response = client.get("/health")
    assert response.status_code == 403
    assert "skywright keys create" in response.json()["error"]["hint"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x-forwarded-for": "127.0.0.1"}, id="proxy"),
        pytest.param({"forwarded": "for=127.0.0.1"}, id="proxy-by-the-book"),
        pytest.param({"host": "evil.example"}, id="rebinding"),
        pytest.param({"host": "127.0.0.1.evil.example"}, id="look-alike"),
        pytest.param({"host": "localhost.evil.example:8080"}, id="look-alike-name"),
        pytest.param({"origin": "https://evil.example"}, id="foreign-page"),
        pytest.param({"origin": "null"}, id="sandboxed-page"),
    ],
)
def test_without_keys_a_loopback_socket_is_not_enough(client, headers):
    assert client.get("/health", headers=headers).status_code == 403


def test_a_page_of_this_server_may_call_it(client):
    headers = {"origin": "http://127.0.0.1"}
    assert client.get("/health", headers=headers).status_code == 200


def test_a_call_inside_the_process_needs_no_host_name(make_client):
    assert make_client().get("/health").status_code == 200


def test_a_key_lets_in_from_anywhere(make_client, make_key, apophis):
    key = make_key()
    client = make_client(base_url="http://sky.example", peer="8.8.8.8")
    response = client.post("/api/predict", json=apophis, headers=_bearer(key))
    assert response.status_code == 200


def test_the_other_header_will_do(client, make_key, apophis):
    headers = {"x-api-key": make_key().secret}
    assert client.post("/api/predict", json=apophis, headers=headers).status_code == 200


@pytest.mark.parametrize("secret", ["", "sky_wrong", "sky_" + "A" * 43, "x" * 5000, "sky_\xe9"])
def test_once_there_is_a_key_a_wrong_one_is_refused(client, make_key, apophis, secret):
    make_key()
    headers = {"authorization": f"Bearer {secret}".encode("latin-1")}
    response = client.post("/api/predict", json=apophis, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_probes_need_no_key(client, make_key):
    make_key()
    assert client.get("/health").status_code == 200


def test_a_revoked_key_is_refused_and_the_door_stays_shut(client, make_key, apophis):
    key = make_key()
    assert client.post("/api/predict", json=apophis, headers=_bearer(key)).status_code == 200
    database = Database.of()
    revoke_key(database, key.prefix)
    database.close()
    client.app.state.services.doorkeeper.forget()
    response = client.post("/api/predict", json=apophis, headers=_bearer(key))
    assert response.status_code == 401
    assert "was revoked" in response.json()["error"]["message"]
    assert client.post("/api/predict", json=apophis).status_code == 401


def test_a_role_too_low_is_told_which_is_needed(client, make_key):
    headers = _bearer(make_key("viewer"))
    body = {"designation": "Apophis", "label": "pha"}
    response = client.post("/api/classifications", json=body, headers=headers)
    assert response.status_code == 403
    assert "needs the role analyst" in response.json()["error"]["message"]


def test_the_audit_trail_is_for_admins(client, make_key):
    assert client.get("/api/audit", headers=_bearer(make_key("trainer"))).status_code == 403
    rows = client.get("/api/audit", headers=_bearer(make_key("admin"))).json()["rows"]
    assert [row["action"] for row in rows] == ["key.create", "key.create"]


def test_too_many_requests_are_told_when_to_come_back(make_client, make_key, apophis):
    client = make_client(Settings(rate_limit_per_minute=3))
    headers = _bearer(make_key())
    codes = [
        client.post("/api/predict", json=apophis, headers=headers).status_code for _ in range(4)
    ]
    response = client.post("/api/predict", json=apophis, headers=headers)
    assert codes == [200, 200, 200, 429]
    assert response.json()["error"]["code"] == "rate_limit"
    assert 1 <= int(response.headers["retry-after"]) <= 120


def test_guessing_keys_is_limited_too(make_client, make_key, apophis):
    make_key()
    client = make_client(Settings(failed_keys_per_minute=2))
    codes = [client.post("/api/predict", json=apophis).status_code for _ in range(3)]
    assert codes == [401, 401, 429]


def test_who_guesses_does_not_lock_out_a_good_key_of_the_same_address(
    make_client, make_key, apophis
):
    client = make_client(Settings(failed_keys_per_minute=1))
    headers = _bearer(make_key())
    for _ in range(3):
        client.post("/api/predict", json=apophis)
    assert client.post("/api/predict", json=apophis, headers=headers).status_code == 200


def test_an_address_is_limited_whatever_its_keys(make_client, make_key, apophis):
    client = make_client(Settings(address_limit_per_minute=2))
    codes = [
        client.post("/api/predict", json=apophis, headers=_bearer(make_key())).status_code
        for _ in range(3)
    ]
    assert codes == [200, 200, 429]


def test_an_expired_key_is_refused_with_its_date(client, make_key, apophis):
    key = make_key(expires_at="2026-01-31T00:00:00.000+00:00")
    response = client.post("/api/predict", json=apophis, headers=_bearer(key))
    assert response.status_code == 401
    assert f"{key.prefix} expired at 2026-01-31T00:00" in response.json()["error"]["message"]


def test_a_key_that_ends_later_is_good(client, make_key, apophis):
    headers = _bearer(make_key(expires_at="2999-01-31T00:00:00.000+00:00"))
    assert client.post("/api/predict", json=apophis, headers=headers).status_code == 200


def test_a_person_alone_is_limited_only_at_their_wish(make_client, apophis):
    free = make_client(Settings())
    assert {free.post("/api/predict", json=apophis).status_code for _ in range(20)} == {200}
    bound = make_client(Settings(rate_limit_per_minute=2))
    assert [bound.get("/health").status_code for _ in range(3)] == [200, 200, 429]
