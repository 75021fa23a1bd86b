"""Keys cannot be guessed or mistaken; roles rise."""

import hashlib

import pytest

from skywright.errors import AccessError, InputError
from skywright.security.keys import has_key_shape, hash_key, new_key
from skywright.security.roles import Caller, Role


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
    assert Role.VIEWER < Role.CONTRIBUTOR < Role.OPERATOR < Role.ADMIN


@pytest.mark.parametrize("role", list(Role))
def test_a_caller_may_do_what_its_role_and_lower_ones_may(role):
    caller = Caller("sky_x", role)
    for needed in Role:
        if needed <= role:
            caller.require(needed)
        else:
            with pytest.raises(AccessError, match=f"needs the role {needed.label}"):
                caller.require(needed)


def test_an_unknown_role_lists_the_four():
    with pytest.raises(InputError, match="viewer, contributor, operator, admin"):
        Role.named("root")
