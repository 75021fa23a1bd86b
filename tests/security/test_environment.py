"""Children learn nothing of our secrets."""

import pytest

from skywright.security.environment import without_secrets


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "LIMITS_URL", "MASTER_KEY", "PSEUDONYM_SALT", "GITHUB_TOKEN"]
)
def test_secrets_are_taken_out(name):
    assert without_secrets({f"SKYWRIGHT_{name}": "x"}) == {}


@pytest.mark.parametrize("name", ["PATH", "SKYWRIGHT_DATA_DIR", "SKYWRIGHT_THREADS"])
def test_what_a_child_needs_stays(name):
    assert without_secrets({name: "x"}) == {name: "x"}
