"""Keys cannot be guessed or mistaken; roles rise."""

import hashlib
from datetime import UTC, datetime

import pytest

from skywright.errors import AccessError, InputError
from skywright.security.callers import Caller
from skywright.security.expiry import read_expiry
from skywright.security.keys import has_key_shape, hash_key, new_key
from skywright.security.permissions import LEAST_ROLE, Permission
from skywright.security.roles import Role


def test_a_key_has_256_bits_and_never_repeats():
    keys = {new_key().secret for _ in range(1000)}
    assert len(keys) == 1000
    assert all(len(key) == len("sky_") + 43 and has_key_shape(key) for key in keys)


def test_what_is_stored_is_the_hash():
    key = new_key()
    assert key.sha256 == hash_key(key.secret) == hashlib.sha256(key.secret.encode()).hexdigest()
    assert key.secret.startswith(key.prefix)
    assert len(key.prefix) == 12


@pytest.mark.parametrize(
    "text", ["", "sky_", "sky_" + "a" * 42, "sky_" + "a" * 44, "SKY_" + "a" * 43]
)
def test_other_texts_are_no_keys(text):
    assert not has_key_shape(text)


def test_roles_rise():
    assert Role.VIEWER < Role.ANALYST < Role.TRAINER < Role.ADMIN


def test_every_permission_has_a_row_in_the_table():
    assert set(LEAST_ROLE) == set(Permission)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_a_caller_may_do_what_the_table_says(role, permission):
    caller = Caller("sky_x", role)
    needed = LEAST_ROLE[permission]
    assert caller.may(permission) == (role >= needed)
    if role < needed:
        with pytest.raises(
            AccessError, match=f"To {permission.value} needs the role {needed.label}"
        ):
            caller.require_permission(permission)


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        (Permission.READ, Role.VIEWER),
        (Permission.LABEL, Role.ANALYST),
        (Permission.TRAIN, Role.TRAINER),
        (Permission.ACCEPT_LICENCE, Role.ADMIN),
        (Permission.PRIVACY, Role.ADMIN),
    ],
)
def test_what_the_roles_are_for(permission, role):
    assert LEAST_ROLE[permission] is role


def test_an_unknown_role_lists_the_four():
    with pytest.raises(InputError, match="viewer, analyst, trainer, admin"):
        Role.named("root")


_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("12h", "2026-11-22T00:00:00.000+00:00"),
        ("30d", "2026-12-21T12:00:00.000+00:00"),
        ("2W", "2026-12-05T12:00:00.000+00:00"),
        ("1y", "2027-11-21T12:00:00.000+00:00"),
        ("2031-01-31", "2031-01-31T00:00:00.000+00:00"),
        ("2031-01-31T02:00+02:00", "2031-01-31T00:00:00.000+00:00"),
    ],
)
def test_the_end_of_a_key_is_a_span_or_a_date(text, end):
    assert read_expiry(text, _NOW) == end


@pytest.mark.parametrize("text", ["", "soon", "30", "-3d", "1.5d", "30m"])
def test_an_end_that_is_neither_is_refused(text):
    with pytest.raises(InputError, match="is neither a span nor a date"):
        read_expiry(text, _NOW)


@pytest.mark.parametrize("text", ["0d", "2026-11-21", "999999y", "2300-01-01"])
def test_an_end_that_is_past_or_out_of_sight_is_refused(text):
    with pytest.raises(InputError, match="must lie ahead"):
        read_expiry(text, _NOW)
