"""A dataset is a manifest of hashes: equal content, equal id; changed content is refused."""

import json
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from sqlalchemy import insert, update

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.data.datasets import Datasets
from skywright.foundry.data.manifests import identity_of
from skywright.store.audit import read_audit
from skywright.store.blobs import BlobStore
from skywright.store.foundry_schema import training_datasets, training_jobs


@pytest.fixture
def datasets(any_database, tmp_path):
    return Datasets(any_database, BlobStore(tmp_path / "blobs"), by="jane")


@pytest.fixture
def frame():
    return pl.DataFrame({"x": [1.0, 2.0], "s": ["a", None], "l": [[1, 2], [3]]})


def test_a_table_comes_back_as_it_was(datasets, frame):
    record = datasets.register_table("orbits", frame, source="file")
    assert datasets.read(datasets.find("orbits")).equals(frame)
    assert (record.named, record.num_samples, record.tabular) == ("orbits@1", 2, True)


def test_the_same_content_is_the_same_version_whatever_the_facts(datasets, frame):
    first = datasets.register_table("orbits", frame, source="file", facts={"at": "monday"})
    again = datasets.register_table("orbits", frame, source="file", facts={"at": "friday"})
    assert first == again
    assert len(datasets.list()) == 1


@pytest.mark.parametrize(
    "change", [{"source": "user"}, {"licence": "MIT"}, {"data_type": "text"}, {"rows": 1}]
)
def test_anything_that_tells_data_apart_makes_another_id(datasets, frame, change):
    first = datasets.register_table("orbits", frame, source="file")
    other = frame.head(change.get("rows", frame.height))
    said = {key: value for key, value in change.items() if key != "rows"}
    second = datasets.register_table("orbits", other, **({"source": "file"} | said))
    assert (second.version, second.id == first.id) == (2, False)


def test_the_id_is_the_hash_of_the_manifest(datasets, frame):
    record = datasets.register_table("orbits", frame, source="file", licence="CC0-1.0")
    assert identity_of(record.manifest) == record.id
    assert record.manifest["schema"] == {"x": "Float64", "s": "String", "l": "List(Int64)"}
    assert record.manifest["files"][0]["rows"] == 2


def test_parents_are_kept_by_id_and_must_exist(datasets, frame):
    raw = datasets.register_table("raw", frame, source="file")
    made = datasets.register_table("made", frame, source="file", parents=["raw@1"])
    assert made.manifest["parents"] == [raw.id]
    with pytest.raises(NotFoundError, match="no dataset 'rwa'; there are made@1, raw@1"):
        datasets.register_table("more", frame, source="file", parents=["rwa"])


def test_versions_are_found_by_name_number_and_id(datasets, frame):
    first = datasets.register_table("orbits", frame, source="file")
    second = datasets.register_table("orbits", frame.head(1), source="file")
    assert datasets.find("orbits@1") == datasets.find(first.id) == first
    assert datasets.find("orbits@latest") == datasets.find("orbits") == second


@pytest.mark.parametrize("named", ["orbits@2", "orbits@x", "orbits@99999999999", "else", "0" * 64])
def test_what_is_not_there_is_told_with_what_is(datasets, frame, named):
    datasets.register_table("orbits", frame, source="file")
    with pytest.raises(NotFoundError, match="there are orbits@1"):
        datasets.find(named)


def test_changed_content_is_refused(datasets, frame):
    record = datasets.register_table("orbits", frame, source="file")
    path = datasets.paths(record)[0]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"rows.parquet of dataset orbits@1 was changed\. Restore"):
        datasets.read(record)


def test_lost_content_is_told(datasets, frame):
    record = datasets.register_table("orbits", frame, source="file")
    datasets.paths(record)[0].unlink()
    assert datasets.faults(record) == ["The file rows.parquet of dataset orbits@1 is gone."]


def test_a_changed_manifest_is_refused(datasets, frame, any_database):
    record = datasets.register_table("orbits", frame, source="file")
    forged = json.dumps(record.manifest | {"licence": "MIT"})
    with any_database.write() as connection:
        connection.execute(update(training_datasets).values(manifest_json=forged))
    with pytest.raises(InputError, match="The manifest of dataset orbits@1 was changed"):
        datasets.read(datasets.find("orbits"))


def test_several_who_register_at_once_get_one_version_each_content(datasets, frame):
    frames = [frame.with_columns(k=pl.lit(k % 3)) for k in range(9)]
    with ThreadPoolExecutor(4) as pool:
        made = [*pool.map(lambda one: datasets.register_table("o", one, source="file"), frames)]
    assert {record.version for record in made} == {1, 2, 3}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "Orbits"}, "named by a-z, 0-9"),
        ({"name": "../x"}, "named by a-z, 0-9"),
        ({"source": "s" * 41}, "source of orbits has 41 letters; 40 may be"),
        ({"data_type": "files"}, "is a table, so its data_type is not 'files'"),
        ({"data_type": "A b"}, "data_type is a word such as table"),
        ({"frame": pl.DataFrame({"x": []})}, "has no rows"),
        ({"frame": pl.DataFrame({"o": [object()]})}, "'o' holds Python objects"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(datasets, frame, tmp_path, given, told):
    arguments = {"name": "orbits", "frame": frame, "source": "file"} | given
    with pytest.raises(InputError, match=told):
        datasets.register_table(**arguments)
    assert not datasets.list()
    assert not (tmp_path / "blobs").exists()


def test_a_file_is_registered_under_a_name_made_plain(datasets, tmp_path):
    path = tmp_path / "My Data.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    record = datasets.register_file(path.stem, path)
    assert (record.name, record.manifest["facts"]) == ("my-data", {"file": "My Data.csv"})


@pytest.fixture
def folder(tmp_path):
    below = tmp_path / "given"
    (below / "deep").mkdir(parents=True)
    (below / "deep" / "a.txt").write_text("one", encoding="utf-8")
    (below / "b.bin").write_bytes(b"two")
    return below


def test_files_come_back_under_their_names_read_only(datasets, folder, tmp_path):
    record = datasets.register_folder("raw", folder, ["deep/a.txt", "b.bin"])
    datasets.materialise(record, tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "a.txt").read_bytes() == b"one"
    assert (tmp_path / "out" / "b.bin").stat().st_mode & 0o222 == 0
    assert (record.tabular, record.num_samples, record.size_bytes) == (False, 2, 6)


def test_files_are_no_table(datasets, folder):
    record = datasets.register_folder("raw", folder, ["b.bin"])
    with pytest.raises(InputError, match="raw@1 holds files, not a table"):
        datasets.read(record)


@pytest.mark.parametrize(
    "file", ["../secret", "/etc/passwd", "none", "deep", "link", "deep/../b.bin"]
)
def test_files_elsewhere_are_refused(datasets, folder, file, tmp_path):
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="There is no file .* below"):
        datasets.register_folder("raw", folder, ["b.bin", file])
    assert not datasets.list()


def test_no_file_and_one_twice_are_refused(datasets, folder):
    with pytest.raises(InputError, match="No file of .* is named"):
        datasets.register_folder("raw", folder, [])
    with pytest.raises(InputError, match="named twice"):
        datasets.register_folder("raw", folder, ["b.bin", "b.bin"])


def test_a_deleted_dataset_is_erased_but_for_what_others_hold(datasets, frame):
    alone = datasets.register_table("alone", frame.head(1), source="file")
    shared = datasets.register_table("shared", frame, source="file")
    kept = datasets.register_table("kept", frame, source="file")
    lost = datasets.paths(alone)[0]
    datasets.delete(alone)
    datasets.delete(shared)
    assert not lost.exists()
    assert datasets.read(kept).equals(frame)


def test_what_a_job_learns_from_is_not_deleted(datasets, frame, any_database):
    record = datasets.register_table("orbits", frame, source="file")
    job = {"id": "j", "name": "m", "training_method": "full", "status": "pending"}
    job |= {"config": json.dumps({"data": record.id}), "created_at": "now", "owner": "o"}
    with any_database.write() as connection:
        connection.execute(insert(training_jobs).values(**job))
    with pytest.raises(ConflictError, match="Job j learns from dataset orbits@1"):
        datasets.delete(record)


def test_who_added_and_deleted_stands_in_the_audit_trail(datasets, frame, any_database):
    datasets.delete(datasets.register_table("orbits", frame, source="file"), by="joe")
    told = [(row["actor"], row["action"]) for row in read_audit(any_database, before=None, limit=9)]
    assert sorted(told) == [("jane", "dataset.add"), ("joe", "dataset.delete")]
