"""Screening: every minimum and no other, whatever the steps, on one core or on many."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.ssa.element_sets import checked_history, satrecs
from skywright.ssa.records.moments import moment_of
from skywright.ssa.screening.screen import SCHEMA, screen

START = datetime(2024, 7, 6, tzinfo=UTC)


def shell(n=60, seed=1):
    """Objects on crossing orbits in a thin shell, dense enough to meet often."""
    random = np.random.default_rng(seed)
    return checked_history(
        pl.DataFrame(
            {
                "norad_id": np.arange(1, n + 1),
                "epoch_utc": [START - timedelta(hours=6)] * n,
                "mean_motion_rev_day": random.normal(15.0, 0.003, n),
                "eccentricity": random.uniform(0.0, 0.0005, n),
                "inclination_deg": random.uniform(30.0, 110.0, n),
                "raan_deg": random.uniform(0.0, 360.0, n),
                "argp_deg": random.uniform(0.0, 360.0, n),
                "mean_anomaly_deg": random.uniform(0.0, 360.0, n),
                "bstar": [1e-5] * n,
            }
        )
    )


def brute_force(table, hours, km):
    """All minima of all pairs on a grid of two seconds, by parabolas."""
    propagators = satrecs(table)
    times = np.arange(0.0, hours * 3600.0 + 2.0, 2.0)
    day = np.full(len(times), 2460497.5)
    r = np.stack([one.sgp4_array(day, times / 86400.0)[1] for one in propagators])
    found = []
    for i in range(len(r)):
        for j in range(i + 1, len(r)):
            d2 = ((r[i] - r[j]) ** 2).sum(axis=1)
            low = np.flatnonzero((d2[1:-1] < d2[:-2]) & (d2[1:-1] <= d2[2:])) + 1
            for k in low:
                a, b, c = d2[k - 1 : k + 2]
                least = b - (a - c) ** 2 / (8.0 * (a - 2.0 * b + c))
                if least < km**2:
                    found.append((i + 1, j + 1, round(times[k] / 10.0)))
    return sorted(found)


def rows(found):
    start = START.replace(tzinfo=None)
    return sorted(
        (a, b, round((t - start).total_seconds() / 10.0))
        for a, b, t in found.approaches.select("norad_id_1", "norad_id_2", "tca_utc").iter_rows()
    )


def test_it_finds_what_brute_force_finds():
    table = shell()
    expected = brute_force(table, 3.0, 60.0)
    found = rows(screen(table, START, 3.0, 60.0))
    assert len(found) > 20
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    assert all(abs(a[2] - b[2]) <= 1 for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize(("step_s", "short_s"), [(60.0, 15.0), (120.0, 60.0), (240.0, 20.0)])
def test_steps_do_not_matter(step_s, short_s):
    table = shell()
    one = screen(table, START, 4.0, 40.0).approaches
    two = screen(table, START, 4.0, 40.0, step_s=step_s, short_s=short_s).approaches
    assert one.select("norad_id_1", "norad_id_2").equals(two.select("norad_id_1", "norad_id_2"))
    assert one["miss_distance_km"].to_numpy() == pytest.approx(
        two["miss_distance_km"].to_numpy(), abs=1e-6
    )


def test_minima_outside_the_span_are_not_told():
    found = screen(shell(), START, 2.0, 60.0).approaches["tca_utc"]
    start = START.replace(tzinfo=None)
    assert (found >= start).all()
    assert (found <= start + timedelta(hours=2)).all()


def test_only_pairs_with_a_primary():
    table = shell()
    every = screen(table, START, 3.0, 60.0).approaches
    own = screen(table, START, 3.0, 60.0, primaries=[7]).approaches
    assert own.equals(every.filter((pl.col("norad_id_1") == 7) | (pl.col("norad_id_2") == 7)))


def test_two_processes_find_the_same():
    table = shell(30)
    one, two = (screen(table, START, 2.0, 80.0, processes=p).approaches for p in (1, 2))
    assert one.equals(two)


@pytest.mark.alone
@pytest.mark.service
def test_ray_finds_the_same():
    ray = pytest.importorskip("ray")
    table = shell(30)
    try:
        found = screen(table, START, 2.0, 80.0, ray="local").approaches
    finally:
        ray.shutdown()
    assert found.equals(screen(table, START, 2.0, 80.0).approaches)


def test_duplicates_stale_and_decayed_sets_are_told():
    table = shell(10)
    old = table.head(1).with_columns(epoch_utc=pl.lit(START.replace(tzinfo=None)) - timedelta(40))
    down = table.head(1).with_columns(
        norad_id=pl.lit(99, pl.Int64), mean_motion_rev_day=pl.lit(17.4)
    )
    stale = old.with_columns(norad_id=pl.lit(98, pl.Int64))
    found = screen(pl.concat([table, old, down, stale]), START, 1.0, 10.0)
    assert (found.objects, found.duplicates, found.stale) == (12, 1, 1)
    assert found.failed == (99,)


def test_nothing_near_is_an_empty_table():
    found = screen(shell(2), START, 1.0, 0.001).approaches
    assert found.is_empty()
    assert dict(found.schema) == dict(pl.DataFrame(schema=SCHEMA).schema)


@pytest.mark.parametrize(
    ("hours", "km", "primaries", "said"),
    [
        (0.0, 5.0, (), "hours must be more than 0"),
        (24.0, -1.0, (), "km must be more than 0"),
        (24.0, 5000.0, (), "at most 200, got 5000"),
        (1.0, 5.0, (12345,), "The catalogue has no object 12345"),
    ],
)
def test_what_cannot_be_screened_is_a_sentence(hours, km, primaries, said):
    with pytest.raises(InputError, match=said):
        screen(shell(3), START, hours, km, primaries=primaries)


def test_a_moment_without_a_zone_is_utc():
    assert moment_of("2024-07-06T02:00:00+02:00", "--start") == moment_of("2024-07-06", "--start")
    with pytest.raises(InputError, match="--start must be a date and time"):
        moment_of("tomorrow", "--start")


# Reference: brute force with local refinement; its rows of one slow pair (8 m/s) are no minima.
@pytest.mark.slow
def test_the_reference_list_is_found(ssa_data):
    folder = ssa_data / "catalogue"
    result = CliRunner().invoke(
        app,
        [
            "ssa", "screen", "--catalogue", str(folder / "catalogue_20240705.parquet"),
            "--objects", str(folder / "screening_20240706_objects.parquet"),
            "--start", "2024-07-06T00:00:00", "--hours", "24", "--km", "10", "--json",
        ],
    )  # fmt: skip
    found = pl.DataFrame(json.loads(result.stdout)["approaches"]).with_columns(
        pl.col("tca_utc").str.to_datetime()
    )
    reference = pl.read_parquet(folder / "screening_20240706_conjunctions.parquet")
    quick = reference.filter(pl.col("relative_speed_km_s") > 0.05)
    pair = ("norad_id_1", "norad_id_2")
    ours = found.filter(pl.col("relative_speed_km_s") > 0.05)
    assert ours.height == quick.height
    one, two = (
        table.with_columns(pl.min_horizontal(pair).alias("a"), pl.max_horizontal(pair).alias("b"))
        .sort("a", "b", "tca_utc")
        for table in (ours, quick)
    )  # fmt: skip
    assert one.select("a", "b").equals(two.select(pl.col("a", "b").cast(pl.Int64)))
    away = (one["tca_utc"] - two["tca_utc"].cast(pl.Datetime("us"))).dt.total_microseconds()
    assert away.abs().max() <= 1000
    assert (one["miss_distance_km"] - two["miss_distance_km"]).abs().max() < 1e-3
