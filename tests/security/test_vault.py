"""The vault: what goes in comes out, what was touched does not, and what is erased is gone."""

import base64
import io
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError, NotFoundError
from skywright.security.master_key import read_master_key
from skywright.security.sealing import CHUNK_BYTES, Seal, SealError, TooLargeError
from skywright.security.vault import Vault, row_label
from skywright.settings import get_settings
from skywright.store.database import Database
from skywright.store.object_keys import find_object_key

_MASTER = bytes(range(32))
_SEALED = CHUNK_BYTES + 16
_MARK = 8


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/sky.db")
    yield database
    database.close()


@pytest.fixture
def vault(database, tmp_path):
    return Vault(database, tmp_path / "vault", _MASTER)


def _content(size):
    return (b"Fomalhaut %d " * (size // 10 + 1))[:size]


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2_500_000]
)
def test_what_goes_in_comes_out(vault, size):
    content = os.urandom(size)
    assert vault.read(vault.put(content)) == content


def test_a_path_and_a_stream_will_do_too(vault, tmp_path):
    file = tmp_path / "given"
    file.write_bytes(b"alpha")
    assert vault.read(vault.put(file)) == b"alpha"
    assert vault.read(vault.put(io.BytesIO(b"beta"))) == b"beta"


def test_a_stream_that_gives_little_at_a_time_is_read_whole(vault):
    class Drip(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 70_001))

    content = os.urandom(CHUNK_BYTES + 5)
    assert vault.read(vault.put(Drip(content))) == content


def test_the_content_is_nowhere_on_disk(vault, database, tmp_path):
    vault.put(b"a sentence that nobody else may read" * 100)
    database.close()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"nobody else" not in path.read_bytes()


def test_files_are_for_their_owner_only(vault):
    path = vault.path(vault.put(b"x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.parent.name == path.name[:2]


def test_the_same_content_twice_looks_different(vault):
    one, other = (vault.path(vault.put(b"same" * 100)).read_bytes() for _ in range(2))
    assert one[_MARK:] != other[_MARK:]


def test_too_much_content_leaves_nothing_behind(vault, tmp_path):
    with pytest.raises(TooLargeError, match="more than the 9 bytes that are allowed"):
        vault.put(b"ten bytes!", limit_bytes=9)
    assert [path for path in (tmp_path / "vault").rglob("*") if path.is_file()] == []
    assert vault.read(vault.put(b"ten bytes!", limit_bytes=10)) == b"ten bytes!"


def test_an_endless_stream_is_cut_at_the_limit(vault):
    with (
        open("/dev/zero", "rb") as zeros,  # noqa: PTH123
        pytest.raises(TooLargeError, match="smaller parts"),
    ):
        vault.put(zeros, limit_bytes=3_000_000)


def test_a_source_that_fails_leaves_nothing_behind(vault, tmp_path):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError  # as a socket does that was closed

    with pytest.raises(OSError):  # noqa: PT011
        vault.put(Broken())
    assert [path for path in (tmp_path / "vault").rglob("*") if path.is_file()] == []


def _cut_tail(data):
    return data[:-1]


def _cut_last_chunk(data):
    return data[: _MARK + 2 * _SEALED]


def _cut_all(data):
    return data[:_MARK]


def _flip_first(data):
    return data[: _MARK + 5] + bytes([data[_MARK + 5] ^ 1]) + data[_MARK + 6 :]


def _flip_tag(data):
    return data[:-1] + bytes([data[-1] ^ 128])


def _swap_chunks(data):
    a, b = data[_MARK : _MARK + _SEALED], data[_MARK + _SEALED : _MARK + 2 * _SEALED]
    return data[:_MARK] + b + a + data[_MARK + 2 * _SEALED :]


def _drop_chunk(data):
    return data[:_MARK] + data[_MARK + _SEALED :]


def _repeat_chunk(data):
    return data[: _MARK + _SEALED] + data[_MARK:]


def _add_tail(data):
    return data + b"\0" * 20


def _other_mark(data):
    return b"SKYSEAL2" + data[_MARK:]


@pytest.mark.parametrize(
    "tamper",
    [
        _cut_tail, _cut_last_chunk, _cut_all, _flip_first, _flip_tag, _swap_chunks, _drop_chunk,
        _repeat_chunk, _add_tail, _other_mark,
    ],
)  # fmt: skip
def test_a_changed_file_does_not_open(vault, tamper):
    identity = vault.put(os.urandom(2 * CHUNK_BYTES + 100))
    path = vault.path(identity)
    path.write_bytes(tamper(path.read_bytes()))
    with pytest.raises(SealError, match=f"{identity} was changed or is damaged"):
        vault.read(identity)


def test_files_put_in_each_others_place_do_not_open(vault):
    one, other = vault.put(b"one"), vault.put(b"other")
    vault.path(one).write_bytes(vault.path(other).read_bytes())
    with pytest.raises(SealError, match="changed or is damaged"):
        vault.read(one)


def test_a_key_of_another_object_does_not_open(vault, database):
    from skywright.security.sealing import unwrap

    one, other = vault.put(b"one"), vault.put(b"other")
    with pytest.raises(SealError, match=f"does not open the key of object {other}"):
        unwrap(_MASTER, other, find_object_key(database, one))


def test_a_cut_end_shows_before_anything_is_read(vault):
    identity = vault.put(os.urandom(2 * CHUNK_BYTES))
    path = vault.path(identity)
    path.write_bytes(path.read_bytes()[: _MARK + _SEALED])
    with pytest.raises(SealError, match="chunk 1 of 1 does not open"):
        vault.open(identity)


def test_another_master_key_opens_nothing(vault, database, tmp_path):
    identity = vault.put(b"x")
    stranger = Vault(database, tmp_path / "vault", bytes(32))
    with pytest.raises(SealError, match="master key does not open.*SKYWRIGHT_MASTER_KEY"):
        stranger.read(identity)


def test_a_missing_file_is_told(vault):
    identity = vault.put(b"x")
    vault.path(identity).unlink()
    with pytest.raises(SealError, match="is missing; only its key is on record"):
        vault.read(identity)


@pytest.mark.parametrize("identity", ["../../etc/passwd", "", "a" * 31, "A" * 32, "a" * 32 + "/"])
def test_an_id_that_is_none_of_ours_never_becomes_a_path(vault, identity):
    with pytest.raises(InputError, match="32 hexadecimal digits"):
        vault.path(identity)


def test_a_reader_can_go_anywhere(vault):
    content = os.urandom(2 * CHUNK_BYTES + 1000)
    with vault.open(vault.put(content)) as reader:
        for start in (CHUNK_BYTES - 5, 0, 2 * CHUNK_BYTES + 990, CHUNK_BYTES):
            reader.seek(start)
            assert reader.read(20) == content[start : start + 20]
        assert reader.seek(-3, io.SEEK_END) == len(content) - 3
        assert reader.read() == content[-3:]


def test_what_is_erased_cannot_be_read_again(vault, tmp_path):
    identity = vault.put(b"x")
    path = vault.path(identity)
    kept = path.read_bytes()
    vault.erase(identity)
    assert not path.exists()
    assert identity not in vault
    path.write_bytes(kept)  # a copy of the file brings nothing back
    with pytest.raises(NotFoundError, match="may have been erased"):
        vault.read(identity)
    with pytest.raises(NotFoundError, match="There is no object"):
        vault.erase(identity)


def test_an_erased_key_is_not_left_in_the_database_file_or_its_log(vault, database, tmp_path):
    identity = vault.put(b"x")
    wrapped = find_object_key(database, identity)
    vault.erase(identity)
    for path in tmp_path.glob("sky.db*"):
        assert wrapped not in path.read_bytes()


def test_pieces_open_with_their_label_and_object_only(vault):
    one, other = vault.put(b"one"), vault.put(b"other")
    sealed = vault.seal(one, b'{"mass": 1}', row_label("sheet", 7))
    assert vault.unseal(one, sealed, row_label("sheet", 7)) == b'{"mass": 1}'
    for identity, label, piece in (
        (one, row_label("sheet", 8), sealed),
        (other, row_label("sheet", 7), sealed),
        (one, row_label("sheet", 7), sealed[:-1]),
        (one, row_label("sheet", 7), b""),
    ):
        with pytest.raises(SealError, match="was changed or misplaced"):
            vault.unseal(identity, piece, label)


@given(content=st.binary(max_size=200), label=st.text(max_size=20))
def test_a_piece_comes_out_as_it_went_in(content, label):
    seal = Seal("a" * 32, _MASTER)
    assert seal.unseal(seal.seal(content, label), label) == content


def test_the_master_key_is_made_once_for_its_owner_only(tmp_path):
    first = read_master_key("", tmp_path / "new")
    assert len(first) == 32
    assert read_master_key("", tmp_path / "new") == first
    assert stat.S_IMODE((tmp_path / "new" / "master.key").stat().st_mode) == 0o600


def test_the_master_key_of_the_setting_goes_before_the_file(tmp_path):
    assert read_master_key(base64.b64encode(_MASTER).decode(), tmp_path) == _MASTER
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["short", "x" * 44, base64.b64encode(bytes(31)).decode(), "é"])
def test_a_master_key_of_another_shape_is_refused_and_not_repeated(tmp_path, text):
    with pytest.raises(InputError, match="must hold 32 bytes in base64") as caught:
        read_master_key(text, tmp_path)
    assert text not in str(caught.value)


def test_a_damaged_master_key_file_is_not_replaced(tmp_path):
    (tmp_path / "master.key").write_text("damaged")
    with pytest.raises(InputError, match=r"master\.key must hold 32 bytes"):
        read_master_key("", tmp_path)
    assert (tmp_path / "master.key").read_text() == "damaged"


def test_the_vault_of_the_settings_lies_in_the_data_folder(database):
    settings = get_settings()
    identity = Vault.of(settings, database).put(b"x")
    assert Vault.of(settings, database).read(identity) == b"x"
    assert (settings.data_dir / "vault" / identity[:2] / identity).is_file()


def test_a_staged_object_is_readable_before_it_is_kept(vault, database):
    with vault.stage() as staged:
        staged.write(b"Vega ")
        staged.write(b"and Altair")
        staged.finish()
        with staged.open() as reader:
            assert reader.read() == b"Vega and Altair"
        with database.write() as connection:
            vault.keep(connection, staged)
    assert vault.read(staged.seal.object_id) == b"Vega and Altair"


def test_a_staged_object_that_nobody_keeps_leaves_nothing(vault, tmp_path):
    with vault.stage() as staged:
        staged.write(b"Vega")
        staged.finish()
    assert not [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]
    assert staged.seal.object_id not in vault


def _fail_after_keeping(vault, database):
    with vault.stage() as staged, database.write() as connection:
        staged.finish()
        vault.keep(connection, staged)
        raise LookupError(staged.seal.object_id)


def test_a_transaction_that_fails_takes_the_file_with_it(vault, database, tmp_path):
    with pytest.raises(LookupError, match=r"[0-9a-f]{32}") as caught:
        _fail_after_keeping(vault, database)
    assert not [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]
    assert str(caught.value) not in vault
