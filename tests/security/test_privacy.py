"""A person takes everything, or has it erased; others are not touched."""

import json
import stat
import zipfile

import pytest
from sqlalchemy import func, insert, select

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.security.privacy import erase_person, export_person, find_person
from skywright.security.pseudonyms import person_of, read_salt
from skywright.security.sealing import SealError
from skywright.security.vault import Vault, row_label
from skywright.settings import get_settings
from skywright.store.audit import read_audit, verify_audit
from skywright.store.foundry_schema import (
    models,
    object_keys,
    predictions,
    training_datasets,
    user_inputs,
    user_rows,
)
from skywright.store.keys import add_key
from skywright.store.schema import classifications

_T = "2026-11-21T00:00:00.000+00:00"


@pytest.fixture
def settings():
    return get_settings()


@pytest.fixture
def database(any_database):
    return any_database


@pytest.fixture
def person(settings):
    salt = read_salt("", settings.data_dir)
    return lambda user, key="local": person_of(salt, key, user)


def _give(settings, database, who, name):
    """Store one row of each table for somebody and return the id of the encrypted upload."""
    vault = Vault.of(settings, database)
    identity = vault.put(b"name,mass\nCeres,9.4e20\n")
    sealed = vault.seal(identity, b'{"mass": 9.4e20}', row_label("csv", 0))
    with database.write() as connection:
        connection.execute(
            insert(user_inputs).values(
                id=name, user_id=who, input_type="file", path=identity, metadata="{}",
                created_at=_T, size_bytes=23, media_type="text/csv", sha256="0" * 64,
            )
        )  # fmt: skip
        connection.execute(
            insert(user_rows).values(input_id=name, part="csv", row=0, content=sealed)
        )
        connection.execute(
            insert(classifications).values(
                at=_T, person=who, designation="433", question="pha", label="not_pha"
            )
        )
        connection.execute(
            insert(predictions).values(
                id=name, at=0.0, name="m", version="1", variant="champion", caller=who,
                input_json="{}", output_json="{}", latency_ms=1.0,
            )
        )  # fmt: skip
    return identity


def _train(database, dataset, inputs, model):
    manifest = json.dumps({"parts": [{"inputs": inputs}]})
    with database.write() as connection:
        connection.execute(
            insert(training_datasets).values(
                id=dataset, name=dataset, version=1, source="user", data_type="table",
                size_bytes=1, num_samples=1, manifest_json=manifest, created_at=_T,
            )
        )  # fmt: skip
        connection.execute(
            insert(models).values(
                id=model, name=model, version="1", kind="sklearn", dataset_id=dataset,
                performance_metrics="{}", gate="passed", gate_reason="", created_at=_T,
            )
        )  # fmt: skip


def _counts(database):
    tables = (user_inputs, user_rows, classifications, predictions, object_keys)
    with database.read() as connection:
        return [connection.scalar(select(func.count()).select_from(table)) for table in tables]


def test_an_export_holds_every_row_and_the_upload_as_it_was_given(
    settings, database, person, tmp_path
):
    _give(settings, database, person("Alice"), "in1")
    _give(settings, database, person("bob"), "in2")
    out = tmp_path / "alice.zip"
    found = find_person(settings, database, " ALICE ")
    assert export_person(settings, database, found, out) == {
        "classifications": 1, "overrides": 0, "predictions": 1, "user_inputs": 1, "user_rows": 1,
    }  # fmt: skip
    with zipfile.ZipFile(out) as archive:
        assert archive.read("user_inputs/in1.csv") == b"name,mass\nCeres,9.4e20\n"
        row = json.loads(archive.read("user_rows/in1.jsonl"))
        assert row == {"part": "csv", "row": 0, "content": {"mass": 9.4e20}}
        assert json.loads(archive.read("classifications.json"))[0]["label"] == "not_pha"
        assert not any("in2" in name for name in archive.namelist())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_person_is_found_behind_every_key_they_used(settings, database, person):
    add_key(database, prefix="sky_abcd", sha256="x", name="page", role="analyst")
    _give(settings, database, person("alice"), "in1")
    _give(settings, database, person("alice", "sky_abcd"), "in2")
    both = find_person(settings, database, "alice").pseudonyms
    assert set(both) == {person("alice"), person("alice", "sky_abcd")}
    only = find_person(settings, database, "alice", ["sky_abcd"]).pseudonyms
    assert only == (person("alice", "sky_abcd"),)


def test_a_pseudonym_will_do_for_a_name(settings, database, person):
    _give(settings, database, person("alice"), "in1")
    assert find_person(settings, database, person("alice")).pseudonyms == (person("alice"),)


def test_nobody_is_told_with_the_keys_that_were_tried(settings, database):
    with pytest.raises(NotFoundError, match="Nothing is stored of this user behind the keys local"):
        find_person(settings, database, "alice")


def test_erasing_leaves_what_others_gave_and_the_trail(settings, database, person):
    mine = _give(settings, database, person("alice"), "in1")
    theirs = _give(settings, database, person("bob"), "in2")
    vault = Vault.of(settings, database)
    erased = erase_person(settings, database, find_person(settings, database, "alice"))
    assert erased.object_ids == (mine,)
    assert _counts(database) == [1, 1, 1, 1, 1]
    assert not vault.path(mine).exists()
    assert vault.read(theirs).startswith(b"name")
    row = read_audit(database, before=None, limit=1)[0]
    assert (row["action"], row["target"]) == ("privacy.erase", person("alice"))
    assert verify_audit(database) is None


def test_after_erasing_nothing_is_found(settings, database, person):
    _give(settings, database, person("alice"), "in1")
    erase_person(settings, database, find_person(settings, database, "alice"))
    with pytest.raises(NotFoundError, match="Nothing is stored"):
        find_person(settings, database, "alice")


def test_erasing_names_the_datasets_and_models_that_were_made_of_it(settings, database, person):
    _give(settings, database, person("alice"), "in1")
    _give(settings, database, person("bob"), "in2")
    _train(database, "mixed", ["in1", "in2"], "m1")
    _train(database, "other", ["in2"], "m2")
    erased = erase_person(settings, database, find_person(settings, database, "alice"))
    assert erased.datasets == ({"id": "mixed", "name": "mixed", "version": 1},)
    assert erased.models == ({"name": "m1", "version": "1"},)


def test_a_damaged_upload_stops_the_export_and_leaves_no_file(settings, database, person, tmp_path):
    identity = _give(settings, database, person("alice"), "in1")
    path = Vault.of(settings, database).path(identity)
    path.write_bytes(path.read_bytes()[:-1])
    found = find_person(settings, database, "alice")
    with pytest.raises(SealError, match="changed or is damaged"):
        export_person(settings, database, found, tmp_path / "a.zip")
    assert list(tmp_path.glob("a.zip*")) == []


def test_an_export_replaces_nothing(settings, database, person, tmp_path):
    _give(settings, database, person("alice"), "in1")
    found = find_person(settings, database, "alice")
    (tmp_path / "a.zip").touch()
    with pytest.raises(ConflictError, match=r"a\.zip exists"):
        export_person(settings, database, found, tmp_path / "a.zip")
    with pytest.raises(InputError, match="does not exist; make it first"):
        export_person(settings, database, found, tmp_path / "no" / "a.zip")
