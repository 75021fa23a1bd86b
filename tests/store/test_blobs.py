"""Blobs are what their names say, whole, and once."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skywright.errors import InputError, NotFoundError
from skywright.store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(content=st.binary(max_size=4096))
def test_what_is_put_is_read_back_under_its_hash(blobs, content):
    sha = blobs.put(content)
    assert sha == hashlib.sha256(content).hexdigest()
    assert blobs.read(sha) == content


def test_a_file_and_its_bytes_are_the_same_blob(blobs, tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 3_000_000)
    assert blobs.put(tmp_path / "f") == blobs.put(b"x" * 3_000_000)


def test_nothing_partial_stays_behind(blobs, tmp_path):
    with pytest.raises(FileNotFoundError):
        blobs.put(tmp_path / "missing")
    blobs.put(b"1")
    assert [p.name for p in (tmp_path / "blobs").iterdir() if p.name.startswith("partial")] == []


def test_an_unknown_blob_is_told(blobs):
    with pytest.raises(NotFoundError, match="There is no blob"):
        blobs.read("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "", "0" * 63])
def test_a_name_that_is_no_hash_never_reaches_the_disk(blobs, name):
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        blobs.open(name)


def test_damage_on_disk_is_found(blobs):
    sha = blobs.put(b"orbit")
    assert sha in blobs
    assert blobs.verify(sha)
    blobs.path(sha).write_bytes(b"orbjt")
    assert not blobs.verify(sha)
