"""Folders of scenarios: what was written is read, and what is missing is named."""

import math
from datetime import datetime

import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.simulation.scenario import BURNS, Scenario, read_scenarios, write_scenarios


def history(norad_id):
    return pl.DataFrame(
        {
            "norad_id": [norad_id],
            "epoch_utc": [datetime(2024, 1, 1)],  # noqa: DTZ001 - tables hold UTC without a zone
            "received_utc": [datetime(2024, 1, 1, 6)],  # noqa: DTZ001
            "mean_motion_rev_day": [15.0],
            "eccentricity": [0.001],
            "inclination_deg": [98.0],
            "raan_deg": [0.0],
            "argp_deg": [0.0],
            "mean_anomaly_deg": [0.0],
            "bstar": [1e-4],
        }
    )


def scenario(number, burns):
    return Scenario(
        scenario_id=number,
        regime="leo",
        behaviour=Behaviour.APPROACH,
        policy="phasing",
        asset_orbit="leo-00",
        asset=history(1),
        other=history(2),
        at_utc=datetime(2024, 1, 2),  # noqa: DTZ001
        burns=burns,
        cooperative=False,
        smallest_burn_m_s=math.nan,
        solar_flux_sfu=100.0,
    )


def test_what_was_written_is_read(tmp_path):
    row = ("other", datetime(2024, 1, 1), 0.0, 0.1, 0.0, False, False)  # noqa: DTZ001
    burns = pl.DataFrame([row], schema=BURNS, orient="row")
    write_scenarios(tmp_path / "new", [scenario(0, burns), scenario(1, burns.head(0))])
    first, second = read_scenarios(tmp_path / "new")
    assert first.other.equals(history(2))
    assert first.burns.equals(burns)
    assert second.burns.is_empty()
    assert second.behaviour is Behaviour.APPROACH
    assert math.isnan(second.smallest_burn_m_s)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"histories\.parquet is missing"):
        read_scenarios(tmp_path)


def test_nothing_to_write_is_said(tmp_path):
    with pytest.raises(InputError, match="no scenarios"):
        write_scenarios(tmp_path, [])


@pytest.mark.parametrize("behaviour", list(Behaviour))
def test_every_behaviour_has_a_title_and_a_definition(behaviour):
    assert behaviour.title
    assert behaviour.definition.endswith(".")
