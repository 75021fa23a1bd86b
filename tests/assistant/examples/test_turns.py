"""Templates take turns, and none makes more than its share."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.examples.splitting import Splits, held_out
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.template import Template
from skywright.assistant.examples.turns import Turns


def _template(name, subjects=1, most=60):
    return Template(name, "plotting", "star", lambda *_: None, subjects, most)


def _pools(count, keys=1_000):
    return {"star": [Subject(f"S {k % keys}", f"S {k}") for k in range(count)]}


def _turns(templates, pools, most=100, splits=None):
    return Turns(templates, pools, splits or Splits(1, frozenset()), most)


def _drain(turns, size=7):
    made, batches = Counter(), []
    while batch := turns.batch(size, made):
        batches.append(batch)
        made.update(one.template.name for one in batch)
    return batches, made


def test_templates_take_turns():
    batch = _turns([_template("a"), _template("b")], _pools(20)).batch(6, Counter())
    assert [one.template.name for one in batch] == ["a", "b"] * 3
    assert [one.named for one in batch] == [f"plotting {k}" for k in range(6)]


def test_no_template_makes_more_than_its_share():
    _, made = _drain(_turns([_template("a"), _template("b")], _pools(50), most=9))
    assert made == {"a": 9, "b": 9}


def test_what_was_refused_leaves_its_place_to_the_same_template():
    turns = _turns([_template("a")], _pools(50), most=2)
    refused = [len(turns.batch(5, Counter())) for _ in range(3)]
    assert refused == [2, 2, 2]
    assert turns.batch(5, Counter(a=2)) == []


def test_a_template_is_tried_only_so_often():
    _, made = _drain(_turns([_template("a", most=3), _template("b")], _pools(30)))
    assert made["a"] == 3
    assert made["b"] > 3


@given(
    seed=st.integers(0, 10_000),
    templates=st.integers(2, 9),
    subjects=st.integers(1, 3),
    keys=st.integers(1, 40),
    size=st.integers(1, 30),
)
def test_no_object_and_no_template_of_the_test_is_anywhere_else(
    seed, templates, subjects, keys, size
):
    chosen = [_template(f"t{k}", 1 + k % subjects) for k in range(templates)]
    names = held_out(((one.name, one.category) for one in chosen), seed)
    splits = Splits(seed, names, {"S 0": "train"})
    batches, _ = _drain(_turns(chosen, _pools(60, keys), splits=splits), size)
    for turn in (one for batch in batches for one in batch):
        parts = {splits.part_of(one.key) for one in turn.subjects}
        assert len(parts) == 1
        assert (parts == {"test"}) == (turn.template.name in names)
        assert len({one.key for one in turn.subjects}) == turn.template.subjects
