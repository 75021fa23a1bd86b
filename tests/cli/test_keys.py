"""``skywright keys``: the text of a key is shown once."""

import json

import pytest
from typer.testing import CliRunner

from skywright.cli.keys import app
from skywright.errors import InputError, NotFoundError


def _run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_a_new_key_is_alone_on_standard_output():
    result = _run("create", "page", "--role", "viewer")
    assert result.exit_code == 0
    assert result.stdout.startswith("sky_")
    assert result.stdout.count("\n") == 1
    assert "shown this once" in result.stderr


def test_the_list_shows_prefix_role_and_state_and_never_the_key():
    secret = json.loads(_run("create", "page", "--json").stdout)["key"]
    listed = _run("list").stdout
    assert secret[:12] in listed
    assert secret not in listed
    assert "analyst" in listed
    assert "good" in listed


def test_an_empty_list_says_what_that_means():
    result = _run("list")
    assert result.stdout == ""
    assert "only requests from this machine" in result.stderr


def test_a_revoked_key_is_listed_as_such():
    prefix = json.loads(_run("create", "page", "--json").stdout)["prefix"]
    assert json.loads(_run("revoke", prefix, "--json").stdout)["revoked_at"]
    assert json.loads(_run("list", "--json").stdout)["keys"][0]["revoked_at"]
    assert "revoked 20" in _run("list").stdout


def test_an_unknown_role_makes_no_key():
    result = _run("create", "page", "--role", "root")
    assert isinstance(result.exception, InputError)
    assert json.loads(_run("list", "--json").stdout) == {"keys": []}


def test_revoking_nobody_is_told():
    with pytest.raises(NotFoundError, match="There is no key 'nobody'; on record: none"):
        raise _run("revoke", "nobody").exception


def test_a_key_may_end_and_the_list_says_when():
    made = json.loads(_run("create", "page", "--expires", "2099-01-31", "--json").stdout)
    assert made["expires_at"] == "2099-01-31T00:00:00.000+00:00"
    assert "good, expires 2099-01-31" in _run("list").stdout


def test_a_bad_end_makes_no_key():
    result = _run("create", "page", "--expires", "yesterday")
    assert isinstance(result.exception, InputError)
    assert json.loads(_run("list", "--json").stdout) == {"keys": []}
