"""What serving writes, on every database there is."""

import hashlib

import pytest

from skywright.foundry.registry import Registry
from skywright.foundry.serve.deploying import Order, deploy
from skywright.foundry.serve.figures import Figures
from skywright.foundry.serve.opened import Shelf
from skywright.foundry.serve.prediction_log import Prediction, PredictionLog, shadow_id
from skywright.foundry.serve.reference import Reference
from skywright.foundry.serve.trial import ERRORS, Outcome, Trials, read_state
from skywright.security.callers import Caller
from skywright.security.roles import Role
from skywright.store.idempotency import Claim, claim_key, forget_old_keys, release_key, settle_key
from tests.serving import add_model

ADMIN = Caller("admin", Role.ADMIN)


def test_predictions_are_kept_labelled_and_tidied(any_database):
    log = PredictionLog(any_database, 20, Figures())
    for k in range(40):
        log.put(Prediction(f"p{k}", "line", "v", "champion", "me", {"x": k}, {"value": k}, 0.5, k))
    log.put(Prediction(shadow_id("p39"), "line", "w", "shadow", "me", {}, {"value": 1}, 0.5, 39))
    log.flush()
    log.label("p39", 3.5)
    assert log.shadow_of("p39").version == "w"
    assert log.find("line", "p30").inputs == {"x": 30}


def test_two_servers_add_to_one_trial(any_database, tmp_path, stand_in):
    registry = Registry(tmp_path / "models", any_database)
    old = add_model(registry, tmp_path, limit=0)
    new = add_model(registry, tmp_path, limit=1, promote=False)
    order = Order(Reference("line"), new, "canary", 0.2)
    deploy(registry, Shelf(registry, 100), order, ADMIN)
    servers = [Trials(registry, Figures()) for _ in range(2)]
    for server in servers:
        for _ in range(3):
            server.observe(Outcome("line", (old, new), ERRORS, challenger=1.0))
        server.settle()
    assert read_state(registry, "line")["errors"]["outcomes"] == 6
    for _ in range(20):
        servers[0].observe(Outcome("line", (old, new), ERRORS, challenger=0.0))
    servers[0].settle()
    assert registry.version("line", "challenger") is None


@pytest.mark.parametrize("status", [200, 422])
def test_a_key_is_claimed_settled_and_released(any_database, status):
    claim = Claim("ada", "k", "POST /api/training/jobs", hashlib.sha256(b"{}").hexdigest())
    assert claim_key(any_database, claim) is None
    assert claim_key(any_database, claim).status is None
    settle_key(any_database, claim, status, b'{"a": 1}')
    earlier = claim_key(any_database, claim)
    assert (earlier.status, earlier.answer) == (status, b'{"a": 1}')
    assert forget_old_keys(any_database) == 0
    release_key(any_database, claim)
    assert claim_key(any_database, claim) is None
