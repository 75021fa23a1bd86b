"""Plans against the published list of exact impulses, and against the operator's limits."""

import math
from dataclasses import fields
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.orbits.frames import rtn_basis
from skywright.ssa.conjunction.foster import pc_2d
from skywright.ssa.element_sets import moment_jd, satrecs
from skywright.ssa.strategy.actions import Act, Inform, OwnBurn, Wait
from skywright.ssa.strategy.checks import burned
from skywright.ssa.strategy.constraints import Constraints
from skywright.ssa.strategy.encounters import Encounters, from_table, planes, responses
from skywright.ssa.strategy.impulse import (
    GM_KM3_S2,
    axis_impulses,
    kepler_step,
    least_impulses,
    transition,
)
from skywright.ssa.strategy.post_burn import CatalogueScreening, elements_of_state, in_teme
from skywright.ssa.strategy.propose import propose
from tests.ssa.strategy.test_post_burn import orbit

A_KM = 7100.0
SPEED = math.sqrt(GM_KM3_S2 / A_KM)
PERIOD_S = 2.0 * math.pi * math.sqrt(A_KM**3 / GM_KM3_S2)


def one_conjunction(**changes):
    row = {"id": "a", "hard_body_radius_km": 0.012}
    states = {"p": (A_KM, 0, 0, 0, SPEED, 0), "s": (A_KM + 0.05, 0, 0.02, 0, -SPEED * 0.8, 4.0)}
    for who, state in states.items():
        for name, value in zip("xyz", state[:3], strict=True):
            row[f"{who}_j2k_{name}_km"] = float(value)
        for name, value in zip("xyz", state[3:], strict=True):
            row[f"{who}_j2k_v{name}_km_s"] = float(value)
        for name, value in zip(
            ("rr", "tt", "nn", "rt", "rn", "tn"), (4e-4, 0.04, 9e-4, 0, 0, 0), strict=True
        ):
            row[f"{who}_c_{name}_km2"] = float(value)
    return row | changes


def table(*rows):
    return pl.DataFrame(list(rows))


def test_impulses_follow_clohessy_and_wiltshire_on_a_circle():
    # Clohessy and Wiltshire (1960), J. Aerospace Sci. 27, 653; the two differ only by the
    # finite difference, 1e-6 of the largest entry.
    dt = 0.37 * PERIOD_S
    own = from_table(table(one_conjunction()))
    burn = kepler_step(own.own, np.array([-dt]))
    inertial = transition(burn, np.array([dt]))[0]
    told = rtn_basis(own.own)[0] @ inertial @ rtn_basis(burn)[0].T
    n = 2.0 * math.pi / PERIOD_S
    sine, rest = math.sin(n * dt), 1.0 - math.cos(n * dt)
    expected = np.array([[sine, 2 * rest, 0], [-2 * rest, 4 * sine - 3 * n * dt, 0], [0, 0, sine]])
    expected /= n
    assert_allclose(told, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_no_impulse_of_a_fine_search_is_smaller_than_the_exact_one():
    some = from_table(table(one_conjunction()))
    at = planes(some)
    response = responses(some, at, 0.5 * some.period_s)
    args = (at.miss_km, at.covariance_km2, some.hbr_km)
    least = float(np.linalg.norm(least_impulses(*args, response, 1e-6)))
    random = np.random.default_rng(1)
    ways = random.normal(size=(20_000, 3))
    ways *= 0.995 * least / np.linalg.norm(ways, axis=1, keepdims=True)
    moved = at.miss_km - ways @ response[0].T
    pc = pc_2d(
        moved, np.repeat(at.covariance_km2, len(ways), axis=0), np.repeat(some.hbr_km, len(ways))
    )
    assert pc.min() > 1e-6


@settings(max_examples=25, deadline=None)
@given(
    radial=st.floats(-0.2, 0.2),
    cross=st.floats(-0.2, 0.2),
    lead=st.sampled_from([0.5, 0.8, 1.5, 2.5]),
)
def test_burns_along_one_axis_are_never_cheaper_than_the_optimum(radial, cross, lead):
    row = one_conjunction(s_j2k_x_km=A_KM + radial, s_j2k_z_km=cross)
    some = from_table(table(row))
    at = planes(some)
    args = (at.miss_km, at.covariance_km2, some.hbr_km, responses(some, at, lead * some.period_s))
    if pc_2d(*args[:3])[0] <= 1e-6:
        return
    least = np.linalg.norm(least_impulses(*args, 1e-6))
    sizes = axis_impulses(*args, 1e-6)
    assert np.nanmin(sizes) >= least * (1.0 - 1e-5)


def test_a_plan_reaches_the_target_and_says_what_it_costs():
    [answer] = propose(from_table(table(one_conjunction())), network=False)
    assert answer["solved"]
    assert [plan["lead_revolutions"] for plan in answer["by_lead"]] == [0.5, 1.5, 2.5]
    for plan in answer["by_lead"]:
        assert plan["pc_after"] <= 1e-6 < plan["pc_before"]
        assert plan["optimality_gap"] <= 0.01


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        pytest.param({"max_dv_m_s": 1e-4}, "max_dv_m_s", id="fuel of a burn"),
        pytest.param({"station_box_km": 1e-3}, "station_box_km", id="box"),
        pytest.param({"blackouts_h": ((1e4, 0.0),)}, "blackouts_h", id="no time at all"),
    ],
)
def test_nothing_feasible_names_the_constraint_that_binds(limits, name):
    [answer] = propose(from_table(table(one_conjunction())), Constraints(**limits))
    assert not answer["solved"]
    assert answer["plans"] == []
    assert answer["binding_constraint"]["name"] == name


def test_a_blackout_moves_the_burn_to_another_time():
    hours = PERIOD_S / 3600.0
    limits = Constraints(
        blackouts_h=tuple(
            ((lead + 0.05) * hours, (lead - 0.05) * hours) for lead in (0.5, 1.5, 2.5)
        )
    )
    [answer] = propose(from_table(table(one_conjunction())), limits)
    assert answer["solved"]
    assert all(abs(answer["recommended"]["lead_revolutions"] - k) > 0.04 for k in (0.5, 1.5, 2.5))


def test_the_smallest_impulse_of_the_thrusters_is_kept():
    [answer] = propose(from_table(table(one_conjunction())), Constraints(min_impulse_m_s=0.5))
    assert answer["recommended"]["dv_m_s"] == pytest.approx(0.5, rel=1e-6)


def test_another_conjunction_of_the_same_satellite_is_not_raised():
    def second(along_km):
        moved = kepler_step(np.array([[A_KM, 0, 0, 0, SPEED, 0]]), np.array([0.5 * PERIOD_S]))[0]
        up = moved[:3] / A_KM
        changes = {f"p_j2k_{n}_km": float(x) for n, x in zip("xyz", moved[:3], strict=True)} | {
            f"p_j2k_v{n}_km_s": float(x) for n, x in zip("xyz", moved[3:], strict=True)
        }
        changes |= {
            f"s_j2k_{n}_km": float(x) for n, x in zip("xyz", moved[:3] + along_km * up, strict=True)
        }
        changes |= {
            f"s_j2k_v{n}_km_s": float(-x) for n, x in zip("xyz", 0.9 * moved[3:], strict=True)
        }
        changes["s_j2k_vz_km_s"] = 3.0
        return one_conjunction(id="b", asset="x", time_to_tca_s=3.5 * PERIOD_S, **changes)

    first = one_conjunction(asset="x", time_to_tca_s=3.0 * PERIOD_S)
    free = propose(from_table(table(first)), network=False)[0]["by_lead"][0]
    rise = 1e-3 * free["dv_rtn_m_s"][1] * PERIOD_S
    both = from_table(table(first, second(rise * 0.3)))
    answer = propose(both, network=False)[0]
    for plan in answer["plans"]:
        assert all(check["ok"] for check in plan["constraints"])
        assert any(check["name"] == "pc of b" for check in plan["constraints"])


AT_TCA = datetime(2024, 7, 6, 3, 0)  # noqa: DTZ001 - UTC


def behind(plan, first, offset_km):
    """A set of an object that the orbit after a plan's burn meets a day later."""
    states = from_table(table(first))
    dv = np.asarray(plan["dv_rtn_m_s"]) * 1e-3
    before = np.array([plan["before_tca_s"]])
    when = AT_TCA - timedelta(seconds=plan["before_tca_s"])
    own = elements_of_state(in_teme(burned(states, before, dv[None])[0], "EME2000", AT_TCA), when)
    later = when + timedelta(days=1)
    _, r, v = satrecs(own)[0].sgp4(*moment_jd(later))
    r, v = np.array(r), np.array(v)
    turned = np.cross(r, v) / np.linalg.norm(r)
    there = np.concatenate([r * (1.0 + offset_km / np.linalg.norm(r)), turned])
    return elements_of_state(there, later).with_columns(norad_id=pl.lit(77, pl.Int64))


def test_a_plan_after_which_an_object_comes_near_gives_way_to_the_next():
    first = one_conjunction(tca_utc=AT_TCA)
    free = propose(from_table(table(first)), network=False)[0]
    met = behind(free["recommended"], first, 0.3)
    [answer] = propose(
        from_table(table(first)), network=False, post_burn=CatalogueScreening(met, 1.0)
    )
    assert answer["recommended"]["lead_revolutions"] != free["recommended"]["lead_revolutions"]
    (told,) = [
        check
        for plan in answer["by_lead"]
        for check in plan["constraints"]
        if check["name"] == "post_burn_screening_km" and not check["ok"]
    ]
    assert told["norad_id"] == 77
    assert told["value"] == pytest.approx(0.3, abs=0.05)


def test_screening_needs_the_moment():
    near = CatalogueScreening(orbit(), 1.0)
    with pytest.raises(InputError, match="tca_utc is needed to screen the orbit after a burn"):
        propose(from_table(table(one_conjunction())), post_burn=near)


def test_a_conjunction_below_the_target_is_watched():
    [answer] = propose(from_table(table(one_conjunction(s_j2k_x_km=A_KM + 5.0))))
    assert answer["recommended"]["action"] == "watch"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"p_j2k_x_km": math.nan}, "p_j2k_x_km must be a finite number"),
        ({"p_j2k_x_km": A_KM * 1000.0}, "are these km"),
        ({"p_j2k_vy_km_s": SPEED * 1000.0}, "are these km/s"),
        ({"s_c_rr_km2": -1e-4}, "s_c_rr_km2 must be more than 0"),
        ({"s_c_rt_km2": 1.0}, "a covariance is not negative"),
        ({"hard_body_radius_km": 12.0}, "hard_body_radius_km must be"),
        ({"time_to_tca_s": -5.0}, "time_to_tca_s must be more than 0"),
    ],
)
def test_values_that_cannot_be_are_refused_by_name(changes, match):
    with pytest.raises(InputError, match=match):
        from_table(table(one_conjunction(**changes)))


def test_a_conjunction_nearer_than_the_command_lead_is_refused():
    some = from_table(table(one_conjunction(time_to_tca_s=600.0)))
    with pytest.raises(InputError, match="no burn can be commanded any more"):
        propose(some, Constraints(command_lead_s=3600.0))


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        ({"target_pc": math.nan}, "target_pc must be a number"),
        ({"blackouts_h": ((1.0, 2.0),)}, "blackouts_h must be"),
        ({"lead_revolutions": ()}, "lead_revolutions must be"),
        ({"min_impulse_m_s": 2.0, "max_dv_m_s": 1.0}, "min_impulse_m_s must be at most 1"),
    ],
)
def test_limits_that_cannot_be_kept_are_refused_by_name(limits, match):
    with pytest.raises(InputError, match=match):
        Constraints(**limits)


def test_no_action_has_a_field_for_another_object():
    names = {field.name for kind in (OwnBurn, Wait, Inform) for field in fields(kind)}
    assert names == {"act", "before_tca_s", "dv_rtn_m_s", "until_before_tca_s"}


def test_a_burn_cannot_be_a_message_nor_a_message_a_burn():
    with pytest.raises(ValueError, match="is not a burn"):
        OwnBurn(Act.WATCH, 1.0, (0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="not a matter of information"):
        Inform(Act.RADIAL_UP)


def test_real_conjunctions_cost_no_more_than_the_exact_list(ssa_data):
    # cam_minimum_dv.parquet: exact search over the ellipse of equal Mahalanobis distance, whose
    # probabilities end between 0.6e-6 and 1.6e-6; hence 4 %.
    folder = ssa_data / "conjunctions"
    some: Encounters = from_table(pl.read_parquet(folder / "kelvins_conjunction_states.parquet"))
    some = some.rows(range(0, len(some), 10))
    truth = pl.read_parquet(folder / "cam_minimum_dv.parquet")[::10]
    at = planes(some)
    for lead in (0.5, 1.5, 2.5):
        response = responses(some, at, lead * some.period_s)
        found = least_impulses(at.miss_km, at.covariance_km2, some.hbr_km, response, 1e-6)
        ratio = np.linalg.norm(found, axis=1) * 1e3 / truth[f"min_dv_m_s_{lead}rev"].to_numpy()
        assert ratio.max() < 1.04
        assert np.median(ratio) > 0.98
