"""Labels: one answer per person and question, exported, erased, counted."""

import pytest

from skywright.errors import InputError
from skywright.neo.feedback import erase_labels, export_labels, labels_for_training, store_label
from skywright.store.audit import read_audit
from skywright.store.database import Database


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/sky.db")
    yield database
    database.close()


def test_what_is_stored_is_exported(database):
    stored = store_label(database, "u_a", "2004 MN4", "PHA", "radar")
    assert export_labels(database, "u_a") == [stored]
    assert (stored.question, stored.label, stored.comment) == ("pha", "pha", "radar")


def test_a_newer_answer_takes_the_place_of_the_old(database):
    store_label(database, "u_a", "2004 MN4", "pha")
    store_label(database, "u_a", "2004 MN4", "not PHA")
    store_label(database, "u_a", "2004 MN4", "Aten")
    assert [row.label for row in export_labels(database, "u_a")] == ["not_pha", "aten"]


def test_an_unknown_label_lists_the_known_and_stores_nothing(database):
    with pytest.raises(InputError, match="'dangerous'; choose one of pha, not_pha, atira"):
        store_label(database, "u_a", "2004 MN4", "dangerous")
    assert export_labels(database, "u_a") == []


def test_erasing_leaves_nothing_but_that_it_was_done(database):
    store_label(database, "u_a", "2004 MN4", "pha")
    store_label(database, "u_b", "2004 MN4", "pha")
    assert erase_labels(database, "u_a") == 1
    assert export_labels(database, "u_a") == []
    assert len(export_labels(database, "u_b")) == 1
    trail = [row for row in read_audit(database, before=None, limit=9) if row["actor"] == "u_a"]
    assert [(row["action"], row["target"], row["detail"]) for row in trail] == [
        ("label.erase", "u_a", "1 labels"),
        ("label.store", "a label", ""),
    ]


def test_training_takes_the_majority_and_leaves_disputes_out(database):
    votes = [("u_a", "X", "pha"), ("u_b", "X", "pha"), ("u_c", "X", "not_pha")]
    votes += [("u_a", "Y", "pha"), ("u_b", "Y", "not_pha"), ("u_a", "Z", "not_pha")]
    for person, designation, label in votes:
        store_label(database, person, designation, label)
    assert labels_for_training(database, "pha").rows() == [
        ("X", "pha", 2, 3),
        ("Z", "not_pha", 1, 1),
    ]


def test_no_labels_are_an_empty_table(database):
    assert labels_for_training(database, "unusual").height == 0


def test_an_unknown_question_lists_the_known(database):
    with pytest.raises(InputError, match="pha, orbit_class, unusual"):
        labels_for_training(database, "size")
