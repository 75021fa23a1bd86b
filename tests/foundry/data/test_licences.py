"""Licences: read as expressions, judged by their duties, and blocked when nobody knows them."""

import re

import pytest

from skywright.errors import InputError
from skywright.foundry.data.licence_table import (
    ATTRIBUTION,
    LARGE_USERS,
    NAME,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    SHARE_ALIKE,
    USE_RESTRICTED,
)
from skywright.foundry.data.licences import accept_licence, compatible, deployment_blocked, judge
from skywright.store.audit import read_audit


@pytest.mark.parametrize(
    ("expression", "obligations"),
    [
        ("MIT", {ATTRIBUTION}),
        ("apache-2.0", {ATTRIBUTION}),
        ("CC0-1.0", set()),
        ("us-government-public-domain", set()),
        ("CC-BY-NC-4.0", {ATTRIBUTION, NON_COMMERCIAL}),
        ("cc-by-nc-sa-4.0", {ATTRIBUTION, NON_COMMERCIAL, SHARE_ALIKE}),
        ("CC-BY-ND-4.0", {ATTRIBUTION, NO_DERIVATIVES}),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {ATTRIBUTION, SHARE_ALIKE}),
        ("llama3.1", {ATTRIBUTION, USE_RESTRICTED, LARGE_USERS, NAME}),
        ("Llama3.1 AND MIT", {ATTRIBUTION, USE_RESTRICTED, LARGE_USERS, NAME}),
        ("openrail++", {ATTRIBUTION, USE_RESTRICTED}),
        ("MIT OR GPL-3.0-only", {ATTRIBUTION}),
        ("MIT AND (CC0-1.0 OR GPL-3.0-only)", {ATTRIBUTION}),
        ("odc-by", {ATTRIBUTION}),
        ("ODbL-1.0", {ATTRIBUTION, SHARE_ALIKE}),
    ],
)
def test_a_licence_is_known_by_what_it_asks_for(expression, obligations):
    verdict = judge(expression)
    assert verdict.known
    assert set(verdict.obligations) == obligations
    assert verdict.permissive == (obligations <= {ATTRIBUTION})


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "No licence is named"),
        ("other", "The licence other is not known"),
        ("LicenseRef-acme AND MIT", "The licence LicenseRef-acme is not known"),
        ("(MIT", "is no licence expression"),
        ("all rights reserved", "The licence all rights reserved is not known"),
        ("MIT AND", "is no licence expression"),
    ],
)
def test_what_nobody_knows_is_not_known(expression, reason):
    verdict = judge(expression)
    assert (verdict.known, verdict.permissive) == (False, False)
    assert reason in verdict.reason


def test_an_expression_of_endless_choices_is_not_read():
    assert not judge(" AND ".join(["(MIT OR ISC)"] * 40)).known


def test_of_a_choice_a_known_branch_will_do():
    assert judge("other OR MIT").known


def test_a_licence_of_spdx_that_nobody_read_is_known_but_not_permissive():
    verdict = judge("Aladdin")
    assert (verdict.known, verdict.permissive) == (True, False)


@pytest.mark.parametrize(
    ("inputs", "output", "told"),
    [
        (["CC-BY-SA-4.0"], "MIT", "CC-BY-SA-4.0 asks that .* stays under it, not under MIT"),
        (["CC-BY-NC-4.0"], "Apache-2.0", "no commercial use; Apache-2.0 would drop that"),
        (["MIT", "llama3.1"], "MIT", "llama3.1 says: uses named"),
        (["CC-BY-ND-4.0"], "CC-BY-ND-4.0", "no changed versions"),
        (["CC-BY-NC-4.0"], "CC-BY-NC-4.0 OR MIT", "would drop that"),
        (["CC-BY-SA-4.0", "GPL-2.0-only"], "CC-BY-SA-4.0", "GPL-2.0-only asks"),
    ],
)
def test_a_contradiction_is_told_in_a_sentence(inputs, output, told):
    assert re.search(told, compatible(inputs, output))


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (["MIT", "CC0-1.0", "CC-BY-4.0"], "Apache-2.0"),
        (["CC-BY-SA-4.0"], "CC-BY-SA-4.0"),
        (["CC-BY-SA-4.0"], "GPL-3.0-only"),
        (["CC-BY-NC-4.0"], "CC-BY-NC-SA-4.0"),
        (["GPL-3.0-only OR MIT"], "Apache-2.0"),
        (["llama3.1"], "llama3.1"),
        (["", "other"], "MIT"),
        (["MIT"], "other"),
        (["CC-BY-NC-4.0", "MIT"], ""),
        ([], ""),
    ],
)
def test_what_does_not_contradict_is_compatible(inputs, output):
    assert compatible(inputs, output) is None


def test_an_unknown_licence_blocks_until_a_person_accepts_it(any_database):
    told = deployment_blocked(any_database, "m@1", ["MIT", "acme-2"])
    assert "'acme-2' is not known" in told
    assert "accept-licence m 1 'acme-2'" in told
    accept_licence(any_database, "m@1", "acme-2", by="jane", reason="read it")
    assert deployment_blocked(any_database, "m@1", ["MIT", "acme-2"]) is None
    assert deployment_blocked(any_database, "m@2", ["acme-2"]) is not None


def test_data_of_ones_own_without_a_licence_do_not_block(any_database):
    assert deployment_blocked(any_database, "m@1", ["", "MIT"]) is None


def test_an_acceptance_is_audited_and_may_be_said_again(any_database):
    for reason in ("first", "second"):
        accept_licence(any_database, "m@1", "acme-2", by="jane", reason=reason)
    row = read_audit(any_database, before=None, limit=1)[0]
    assert (row["actor"], row["detail"]) == ("jane", "acme-2: second")


@pytest.mark.parametrize(
    ("given", "told"), [({"reason": " "}, "reason"), ({"licence": "x" * 201}, "1 to 200 letters")]
)
def test_an_acceptance_without_a_reason_is_refused(any_database, given, told):
    arguments = {"licence": "acme", "by": "jane", "reason": "why"} | given
    with pytest.raises(InputError, match=told):
        accept_licence(any_database, "m@1", **arguments)
