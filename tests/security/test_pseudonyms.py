"""Pseudonyms: the same for the same person, different for others, and no way back."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.security.pseudonyms import pseudonym, read_salt


def test_a_pseudonym_is_the_hmac_of_the_name():
    # openssl: printf 'local\037alice' | openssl dgst -sha256 -hmac salt-salt-salt-salt
    import hashlib
    import hmac

    expected = hmac.new(b"salt-salt-salt-salt", b"local\x1falice", hashlib.sha256).hexdigest()
    assert pseudonym(b"salt-salt-salt-salt", "local", "alice") == "u_" + expected[:20]


@given(a=st.text(max_size=20), b=st.text(max_size=20))
def test_different_people_have_different_pseudonyms(a, b):
    same = pseudonym(b"s" * 16, "key", a) == pseudonym(b"s" * 16, "key", b)
    assert same == (a == b)


def test_another_salt_makes_other_pseudonyms():
    assert pseudonym(b"a" * 16, "alice") != pseudonym(b"b" * 16, "alice")


def test_the_salt_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    first = read_salt("", tmp_path / "new")
    path = tmp_path / "new" / "pseudonym.salt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_salt("", tmp_path / "new") == first
    assert len(first) == 64


def test_a_race_for_the_first_salt_has_one_winner(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        salts = set(pool.map(lambda _: read_salt("", tmp_path), range(50)))
    assert len(salts) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pseudonym.salt"]


def test_a_salt_that_can_be_guessed_is_refused(tmp_path):
    with pytest.raises(InputError, match="has 5 characters; use 16 or more"):
        read_salt("sweet", tmp_path)
