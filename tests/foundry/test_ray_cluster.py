"""What Ray is told before it is imported."""

import pytest

from skywright.foundry.ray_cluster import prepare_environment


def test_without_a_token_ray_decides_by_itself(tmp_path):
    environ = {}
    prepare_environment(environ, tmp_path)
    assert "RAY_AUTH_MODE" not in environ
    assert environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_the_token_of_the_user_is_shown_to_a_cluster_given_by_address(tmp_path):
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("0" * 64)
    environ = {}
    prepare_environment(environ, tmp_path)
    assert environ["RAY_AUTH_MODE"] == "token"


@pytest.mark.parametrize("name", ["RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"])
def test_a_token_in_the_environment_counts_too(tmp_path, name):
    environ = {name: "x"}
    prepare_environment(environ, tmp_path)
    assert environ["RAY_AUTH_MODE"] == "token"


def test_what_the_user_has_set_stays(tmp_path):
    environ = {"RAY_AUTH_TOKEN": "x", "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "1"}
    prepare_environment(environ, tmp_path)
    assert environ["RAY_AUTH_MODE"] == "disabled"
    assert environ["RAY_USAGE_STATS_ENABLED"] == "1"
