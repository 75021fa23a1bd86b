"""Maps of the sky: the tangent plane as published, the whole sky where rows lie far apart."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import run
from skywright.assistant.tools.sky_chart import project
from skywright.settings import get_settings


@pytest.fixture
def desk(tmp_path):
    return Desk(folder=tmp_path, settings=get_settings())


def asked(desk, **arguments):
    return run(ToolCall(id="1", tool="plot-sky-map", arguments=arguments), desk)


@given(st.floats(0, 360), st.floats(-80, 80), st.floats(0.001, 5), st.floats(0, 2 * np.pi))
def test_the_tangent_plane_keeps_angles_from_its_middle(ra, dec, rho_deg, angle):
    """Calabretta & Greisen (2002), eq. 54: R = cot theta, the tangent of the distance."""
    rho, d_0 = np.radians(rho_deg), np.radians(dec)
    d = np.arcsin(np.sin(d_0) * np.cos(rho) + np.cos(d_0) * np.sin(rho) * np.cos(angle))
    a = np.arctan2(np.sin(angle) * np.sin(rho) * np.cos(d_0), np.cos(rho) - np.sin(d_0) * np.sin(d))
    x, y = project(np.array([ra + np.degrees(a)]), np.array([np.degrees(d)]), (ra, dec))
    assert np.hypot(x, y)[0] == pytest.approx(np.degrees(np.tan(rho)), rel=1e-7)
    assert np.cos(np.arctan2(x, y)[0] - angle) == pytest.approx(1.0, abs=1e-9)


def test_rows_near_each_other_are_drawn_on_a_plane_across_the_zero_of_right_ascension(desk):
    desk.tables["near"] = pl.DataFrame({"ra": [359.9, 0.1, None], "dec": [1.0, -1.0, 0.0]})
    found = asked(desk).result
    assert found.data["projection"] == "tangent plane"
    assert found.data["middle_ra_deg"] % 360 == pytest.approx(0.0, abs=1e-3)
    assert found.data["positions"] == 2
    assert "1 rows without a position are not shown" in found.text
    assert pl.read_csv(found.artifacts[1].path).height == 2


def test_rows_far_apart_are_drawn_on_the_whole_sky(desk):
    desk.tables["far"] = pl.DataFrame(
        {"RAJ2000": [10.0, 130.0, 250.0], "DEJ2000": [0.0, 60.0, -60.0], "Gmag": [1.0, 2.0, 3.0]}
    )
    found = asked(desk, table="far").result
    assert found.data["projection"] == "mollweide"
    with open(found.artifacts[0].path, "rb") as file:  # noqa: PTH123
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def test_a_list_of_papers_does_not_hide_the_table_with_positions(desk):
    desk.tables["stars"] = pl.DataFrame({"ra": [1.0, 1.1], "dec": [2.0, 2.1]})
    desk.tables["papers"] = pl.DataFrame({"title": ["A paper"]})
    assert asked(desk).result.data["positions"] == 2


def test_a_table_without_positions_names_its_columns(desk):
    desk.tables["papers"] = pl.DataFrame({"title": ["A paper"]})
    assert "has no positions; its columns are title" in asked(desk, table="papers").error
