"""Deploying: what is refused, and that a refusal leaves everything as it was."""

import pytest

from skywright.errors import AccessError, ConflictError, InputError, NotFoundError
from skywright.foundry.serve.deploying import Order, remove
from skywright.foundry.serve.deployment import Flags, flags_of, read_deployment
from skywright.foundry.serve.reference import Reference
from skywright.foundry.signature import Input
from skywright.security.callers import Caller
from skywright.security.roles import Role
from skywright.store.audit import read_audit

ADMIN, TRAINER = Caller("admin", Role.ADMIN), Caller("trainer", Role.TRAINER)
LINE = Reference("line")
KEPT_BACK = {"gate": {"state": "kept back", "reason": "auc 0.6 is not above 0.7."}}


def test_a_version_is_put_into_use_with_flags(registry, add, serving):
    version = add(promote=False)
    now = serving.deploy(Order(LINE, version, flags={"cache": 10, "log": "all"}), TRAINER)
    assert (now.champion, now.mode) == (version, "single")
    assert registry.version("line") == version
    assert read_deployment(registry, "line").flags == Flags(log="all", cache=10)


def test_flags_that_are_not_named_stay(registry, add, serving):
    version = add()
    serving.deploy(Order(LINE, version, flags={"cache": 10}), TRAINER)
    serving.deploy(Order(LINE, version, flags={"filter": True}), TRAINER)
    assert read_deployment(registry, "line").flags == Flags(cache=10, filter=True)


def test_flags_begin_as_the_recipe_says(registry, add, serving):
    version = add(promote=False, facts={"recipe": {"deploy": {"filter": True, "cache": 7}}})
    assert serving.deploy(Order(LINE, version), TRAINER).flags == Flags(filter=True, cache=7)


@pytest.mark.parametrize(
    ("order", "error", "told"),
    [
        ({"mode": "maybe"}, InputError, "mode = 'maybe' is not allowed: it must be one of single"),
        ({"version": "00"}, NotFoundError, "has no version 00"),
        ({"mode": "canary"}, ConflictError, "is the champion, so it cannot be tried"),
        ({"flags": {"colour": 1}}, InputError, "flags.colour is not a flag"),
        ({"flags": {"watermark": True}}, InputError, "does not write free text"),
    ],
)
def test_what_cannot_be_is_refused(registry, add, serving, order, error, told):
    version = add()
    with pytest.raises(error, match=told):
        serving.deploy(Order(LINE, **order), TRAINER)
    assert read_deployment(registry, "line").champion == version
    assert read_deployment(registry, "line").flags == Flags()


@pytest.mark.parametrize(
    ("mode", "fraction"), [("canary", 0.0), ("ab", 1.0), ("canary", 1.5), ("shadow", -1.0)]
)
def test_a_share_that_leaves_no_trial_is_refused(add, serving, mode, fraction):
    add(bias=1.0)
    with pytest.raises(InputError, match=f"fraction = {fraction} is not allowed"):
        serving.deploy(Order(LINE, add(promote=False), mode, fraction), TRAINER)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"log": "some"}, "none, sample or all"),
        ({"filter": 1}, "true or false"),
        ({"cache": -1}, "a whole number"),
        ({"alpha": 0}, "between 0.000001 and 0.5"),
        ({"margin": True}, "between 0 and 0.5"),
        ({"auto": "yes"}, "true, false or null"),
    ],
)
def test_a_flag_of_the_wrong_value_is_refused(flags, told):
    with pytest.raises(InputError, match=told):
        flags_of(flags)


def test_a_model_that_was_kept_back_needs_an_admin_and_a_reason(database, add, serving):
    version = add(promote=False, facts=KEPT_BACK)
    with pytest.raises(ConflictError, match="kept back by its gate: auc 0.6"):
        serving.deploy(Order(LINE, version), ADMIN)
    with pytest.raises(AccessError, match="needs the role admin"):
        serving.deploy(Order(LINE, version, override=True, reason="now"), TRAINER)
    with pytest.raises(InputError, match="with a reason"):
        serving.deploy(Order(LINE, version, override=True), ADMIN)
    serving.deploy(Order(LINE, version, override=True, reason="the old one is worse"), ADMIN)
    trail = read_audit(database, before=None, limit=10)
    assert any("the old one is worse" in row["detail"] for row in trail)


def test_an_unknown_licence_is_refused_with_the_command_that_accepts_it(add, serving):
    version = add(promote=False, facts={"licences": ["Odd-1.0"]})
    with pytest.raises(ConflictError, match="'Odd-1.0' is not known.*accept-licence line"):
        serving.deploy(Order(LINE, version), ADMIN)


def test_a_challenger_that_needs_other_columns_is_not_tried(registry, add, serving):
    add()
    version = add(promote=False, inputs=(Input("x", "number"), Input("torque_nm", "number")))
    with pytest.raises(ConflictError, match="needs torque_nm, which callers of"):
        serving.deploy(Order(LINE, version, "canary"), TRAINER)
    assert registry.version("line", "challenger") is None


def test_going_single_ends_a_trial(registry, add, serving):
    old, new = add(bias=1.0), add(bias=2.0, promote=False)
    serving.deploy(Order(LINE, new, "canary"), TRAINER)
    serving.deploy(Order(LINE, old, "single"), TRAINER)
    assert registry.version("line", "challenger") is None


def test_a_version_in_use_is_not_deleted_and_one_out_of_use_leaves_its_row(registry, add):
    old = add(bias=1.0)
    new = add(bias=2.0)
    with pytest.raises(ConflictError, match=f"line@{new} is the champion"):
        remove(registry, LINE, ADMIN)
    assert remove(registry, Reference("line", old), ADMIN) == f"line@{old}"
    assert registry.versions("line") == [new]


def test_a_base_that_another_model_needs_is_not_deleted(registry, add):
    base = add("base", bias=1.0)
    add("base", bias=2.0)
    add(facts={"base_model": f"base@{base}"})
    with pytest.raises(ConflictError, match="needs it as its base"):
        remove(registry, Reference("base", base), ADMIN)


def test_what_ships_is_not_deleted(registry):
    with pytest.raises(ConflictError, match="ships with the package"):
        remove(registry, Reference("neo-triage"), ADMIN)


def test_what_ships_comes_back_into_use(registry, add, serving):
    own = add("neo-taxonomy")
    assert read_deployment(registry, "neo-taxonomy").champion == own
    serving.deploy(Order(Reference("neo-taxonomy", "shipped"), mode="single"), ADMIN)
    assert read_deployment(registry, "neo-taxonomy").champion == "shipped"
    assert registry.version("neo-taxonomy") is None
