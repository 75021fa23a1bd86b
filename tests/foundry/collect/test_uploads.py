"""Inputs are kept whole, encrypted, or not at all."""

import errno
import io
import json

import pytest
from sqlalchemy import func, select

from skywright.errors import InputError, NotFoundError
from skywright.foundry.collect.inputs import find_input, input_to_dataset, rows_of_input
from skywright.foundry.collect.uploads import StorageFullError
from skywright.foundry.data.datasets import Datasets
from skywright.security.privacy import erase_person, find_person
from skywright.security.sealing import Seal, TooLargeError
from skywright.settings import get_settings
from skywright.store.foundry_schema import object_keys, user_inputs, user_rows
from skywright.store.schema import audit


@pytest.fixture
def state(database, tmp_path):
    """Everything that an upload may change."""

    def take():
        tables = (user_inputs, user_rows, object_keys, audit)
        with database.read() as connection:
            counts = [connection.scalar(select(func.count()).select_from(t)) for t in tables]
        vault = tmp_path / "vault"
        return counts, sorted(str(path) for path in vault.rglob("*") if path.is_file())

    return take


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.db", "a.pdf", "a.docx", "a.png"])
def test_a_good_file_is_kept(uploads, vault, database, samples, given_as, name):
    stored = uploads.add(samples[name], given_as(name))
    assert vault.read(stored.id) == samples[name]
    record = find_input(database, stored.id)
    assert sum(record.about["parts"].values()) == stored.rows
    assert len(list(rows_of_input(database, vault, record))) == stored.rows


def test_nothing_of_a_file_lies_about_in_the_clear(uploads, database, tmp_path, given_as):
    uploads.add(b"who,what\nBetelgeuse,dims\n", given_as("stars.csv"))
    database.settle()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"Betelgeuse" not in path.read_bytes(), path


def test_what_is_told_of_a_file_is_on_record(uploads, database, given_as):
    content = b"a\n1\n"
    given = given_as("../x'; DROP TABLE y; --.csv", licence="CC-BY-4.0", declared="text/csv")
    record = find_input(database, uploads.add(content, given).id)
    assert record.about["name"] == "x_ DROP TABLE y_ --.csv"
    assert (record.about["licence"], record.about["facts"]["separator"]) == ("CC-BY-4.0", ",")
    assert (record.media_type, record.size_bytes, record.input_type) == ("text/csv", 4, "file")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"a,b\n1,2,3,4\n"),
        ("a.pdf", b"%PDF-1.4\n"),
        ("a.png", b"a,b\n1,2\n"),
        ("a.bin", bytes(100)),
        ("a.json", b'{"a": '),
        ("a.sql", b"ATTACH 'x' AS y;"),
        ("a.jsonl", b'{"a": 1}\n' * 500 + b"oops\n"),
        ("a.csv", b"a\n" + b"1\n" * 1001),
    ],
)
def test_a_bad_file_changes_nothing(uploads, state, given_as, name, content):
    before = state()
    with pytest.raises(InputError):
        uploads.add(content, given_as(name))
    assert state() == before


def test_a_file_beyond_the_limit_changes_nothing(uploads, state, given_as):
    before = state()
    with pytest.raises(TooLargeError, match="more than the 4194304 bytes"):
        uploads.add(io.BytesIO(bytes(5 << 20)), given_as("a.txt"))
    assert state() == before


def test_a_full_disk_while_the_content_comes_changes_nothing(uploads, state, given_as, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = state()
    monkeypatch.setattr("skywright.security.vault.os.fsync", full)
    with pytest.raises(StorageFullError, match="disk is full, so nothing was kept"):
        uploads.add(b"a\n1\n", given_as("a.csv"))
    monkeypatch.undo()
    assert state() == before


def test_a_full_disk_while_rows_are_written_changes_nothing(uploads, state, given_as, database):
    before = state()
    with database.read() as connection:  # the page limit stays with this pooled connection
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    content = b"text\n" + b"".join(b"%064d\n" % k for k in range(900))
    with pytest.raises(StorageFullError, match="disk is full"):
        uploads.add(content, given_as("a.csv"))
    assert state() == before


def test_other_faults_of_the_disk_are_not_called_full(uploads, state, given_as, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    before = state()
    monkeypatch.setattr("skywright.security.vault.os.fsync", broken)
    with pytest.raises(OSError, match="Input/output error"):
        uploads.add(b"a\n1\n", given_as("a.csv"))
    monkeypatch.undo()
    assert state() == before


def test_a_row_belongs_to_its_place(uploads, vault, database, given_as):
    stored = uploads.add(b"a\n1\n2\n", given_as("a.csv"))
    query = select(user_rows.c.row, user_rows.c.content).order_by(user_rows.c.row)
    with database.read() as connection:
        rows = connection.execute(query).all()
    seal = vault.seal_of(stored.id)
    assert isinstance(seal, Seal)
    assert json.loads(seal.unseal(rows[1].content, "rows\x1f1")) == {"a": 2}
    with pytest.raises(Exception, match="changed or misplaced"):
        seal.unseal(rows[1].content, "rows\x1f0")


@pytest.mark.parametrize(
    ("kind", "value", "rows"),
    [
        ("text", "Vega is bright.\nSo is Sirius.", 2),
        ("structured", [{"a": 1}, {"a": 2}], 2),
        ("structured", {"a": {"b": 1}}, 1),
    ],
)
def test_values_are_kept_like_files(uploads, given_as, kind, value, rows):
    given = given_as(input_type=kind, declared="text/plain" if kind == "text" else "")
    stored = uploads.add_value(value, given)
    assert (stored.input_type, stored.rows) == (kind, rows)


def test_text_must_be_text(uploads, given_as):
    with pytest.raises(InputError, match="content must be text"):
        uploads.add_value({"a": 1}, given_as(input_type="text"))


def test_an_unknown_type_of_input_is_refused(uploads, given_as):
    with pytest.raises(InputError, match="input_type = 'stream' is not one of"):
        uploads.add(b"a\n1\n", given_as(input_type="stream"))


def test_rows_become_a_dataset_that_names_its_inputs(uploads, vault, database, blobs, given_as):
    one = uploads.add(b"a,b\n1,x\n", given_as("1.csv", licence="MIT"))
    two = uploads.add(b"a\n2\n", given_as("2.csv", licence="CC0-1.0"))
    datasets = Datasets(database, blobs)
    made = input_to_dataset(datasets, vault, [one.id, two.id], "given")
    assert made.manifest["facts"]["inputs"] == [one.id, two.id]
    assert made.licence == "MIT AND CC0-1.0"
    assert datasets.read(made).rows() == [(1, "x"), (2, None)]


def test_the_same_content_of_two_people_names_both(uploads, vault, database, blobs, given_as):
    ids = [uploads.add(b"a\n1\n", given_as("a.csv")).id for _ in range(2)]
    datasets = Datasets(database, blobs)
    made = [input_to_dataset(datasets, vault, [one], "given") for one in ids]
    assert made[0].id == made[1].id
    assert made[1].manifest["facts"]["inputs"] == ids


def test_tables_of_a_database_are_told_apart(uploads, vault, database, blobs, samples, given_as):
    stored = uploads.add(samples["a.db"], given_as("a.db"))
    made = input_to_dataset(Datasets(database, blobs), vault, [stored.id], "given")
    frame = Datasets(database, blobs).read(made)
    assert set(frame["part"]) == {"wheels", "passes"}


def test_a_column_of_several_types_becomes_text(uploads, vault, database, blobs, given_as):
    given = given_as(input_type="structured")
    stored = uploads.add_value([{"a": 1}, {"a": "x"}, {"a": [1]}], given)
    made = input_to_dataset(Datasets(database, blobs), vault, [stored.id], "given")
    assert Datasets(database, blobs).read(made)["a"].to_list() == ["1", "x", "[1]"]


def test_an_erased_input_is_gone_with_its_rows(uploads, database, vault, samples, given_as):
    stored = uploads.add(samples["a.csv"], given_as("a.csv"))
    settings = get_settings()
    person = find_person(settings, database, "u_" + "0" * 20)
    assert erase_person(settings, database, person).counts["user_rows"] == stored.rows
    with pytest.raises(NotFoundError, match="may have been erased"):
        find_input(database, stored.id)
    assert stored.id not in vault
