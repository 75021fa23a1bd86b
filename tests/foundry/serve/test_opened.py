"""Open versions: the right engine, kept while there is memory, opened once."""

import json
import threading

import pytest

from skywright.errors import NotFoundError
from skywright.foundry.serve.opened import (
    NoContractError,
    Shelf,
    answers_as_a_table,
    open_version,
    served_by_onnx,
)
from skywright.foundry.serve.reference import Reference, parse_reference, version_of
from skywright.foundry.serve.rows import checked_row
from skywright.foundry.signature import Input, Signature


def test_a_version_without_agreement_is_loaded_by_its_kind(registry, add):
    opened = open_version(registry, "line", add(bias=1.0))
    assert opened.engine == "stand-in"
    assert opened.predict([{"x": 2.0}]) == [{"value": 5.0}]


@pytest.mark.parametrize(
    ("agrees", "wanted", "answer"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_onnx_serves_only_where_it_agrees_and_is_wanted(tmp_path, agrees, wanted, answer):
    (tmp_path / "model.onnx").write_bytes(b"")
    (tmp_path / "onnx.json").write_text(json.dumps({"agrees": agrees}))
    facts = {"recipe": {"deploy": {"onnx": wanted}}}
    assert served_by_onnx(tmp_path, facts) is answer


@pytest.mark.parametrize(
    ("task", "answer"), [("binary", True), ("sequence_regression", True), ("policy", False),
                         ("text", False), ("anomaly", False)]
)  # fmt: skip
def test_answers_other_than_classes_and_numbers_are_worded_by_their_kind(task, answer):
    assert answers_as_a_table(Signature(task, "y", (Input("x", "number"),))) is answer


def test_a_model_that_ships_answers_rows(registry):
    opened = open_version(registry, "neo-taxonomy", "shipped")
    row = checked_row(opened.signature, {name.name: 0.2 for name in opened.signature.inputs})
    assert opened.predict([row])[0]["label"] in opened.signature.classes


def test_an_export_that_nobody_compared_is_not_served(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"")
    assert not served_by_onnx(tmp_path, {})


def test_a_model_without_a_signature_says_that_it_answers_no_rows(registry, tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "weights").write_bytes(b"1")
    version = registry.add("bare", tmp_path / "bare", {"kind": "odd"})
    with pytest.raises(NoContractError, match="of kind odd does not answer rows"):
        open_version(registry, "bare", version)


def test_the_version_asked_longest_ago_makes_room(registry, add):
    first, second, third = add(bias=1.0), add(bias=2.0), add(bias=3.0)
    size = open_version(registry, "line", first).size_mb
    shelf = Shelf(registry, 2.5 * size)
    shelf.open("line", first)
    shelf.open("line", second)
    shelf.open("line", first)
    shelf.open("line", third)
    assert shelf.names() == [f"line@{first}", f"line@{third}"]


def test_one_version_is_open_however_large(registry, add):
    shelf = Shelf(registry, 1e-9)
    version = add()
    assert shelf.open("line", version) is shelf.open("line", version)


def test_threads_that_ask_at_once_open_a_version_once(registry, add, monkeypatch):
    version, loads = add(), []
    real = open_version

    def counted(*args):
        loads.append(args)
        return real(*args)

    monkeypatch.setattr("skywright.foundry.serve.opened.open_version", counted)
    shelf = Shelf(registry, 100)
    threads = [threading.Thread(target=shelf.open, args=("line", version)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1


def test_a_model_is_named_in_four_ways(registry, add):
    old, new = add(bias=1.0), add(bias=2.0)
    registry.promote("line", old, "challenger")
    assert version_of(registry, parse_reference("line")) == new
    assert version_of(registry, parse_reference("line@challenger")) == old
    assert version_of(registry, parse_reference(f"line@{old}")) == old
    assert version_of(registry, parse_reference(f"line:{old}")) == old
    assert version_of(registry, Reference("neo-triage")) == "shipped"


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("nothing", "There is no model 'nothing'"),
        ("line@0000", "has no version 0000. Its versions are"),
        ("line@challenger", "has no challenger"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(registry, add, named, told):
    add()
    with pytest.raises(NotFoundError, match=told):
        version_of(registry, parse_reference(named))
