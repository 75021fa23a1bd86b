"""Pictures and the points behind them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.neo.orbit_polyline import orbit_polyline
from skywright.neo.simulate import SimulateRequest, simulate
from skywright.neo.simulate_plots import png, write_plots
from skywright.neo.simulate_text import as_text

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def answer():
    return simulate(
        SimulateRequest(
            object="Apophis", start="2029-01-01", years=1, set={"e": 0.2}, orbit_points=50
        )
    )


def test_pictures_are_written(answer, tmp_path):
    written = write_plots(answer, tmp_path)
    assert [path.name for path in written] == ["orbit.png", "approaches.png", "b_plane.png"]
    assert all(path.read_bytes().startswith(PNG) for path in written)


def test_folder_that_is_not_there_is_a_sentence(answer, tmp_path):
    with pytest.raises(InputError, match="does not exist; make it first"):
        write_plots(answer, tmp_path / "none")


def test_target_plane_without_covariance_is_a_sentence(answer):
    bare = answer | {"baseline": answer["baseline"] | {"target_plane": None}, "changed": None}
    with pytest.raises(InputError, match="no target plane"):
        png("b_plane", bare)


def test_points_come_with_the_answer(answer):
    line = np.array(answer["changed"]["orbit_au"])
    assert line.shape == (50, 3)
    r = np.linalg.norm(line, axis=1)
    assert r.min() >= answer["changed"]["elements"]["q_au"] * (1 - 1e-12)
    assert r.max() <= answer["changed"]["elements"]["aphelion_au"] * (1 + 1e-12)


def test_text_tells_baseline_change_and_difference(answer):
    text = as_text(answer)
    for part in ("BASELINE", "CHANGED", "DIFFERENCE", "2029-04-13", "MOID"):
        assert part in text


@given(
    q=st.floats(0.05, 5), e=st.floats(0, 3), i=st.floats(0, 180), node=st.floats(0, 360),
    peri=st.floats(0, 360),
)  # fmt: skip
def test_points_lie_in_the_plane_of_the_orbit(q, e, i, node, peri):
    elements = {"q_au": q, "e": e, "i_deg": i, "node_deg": node, "peri_deg": peri}
    line = orbit_polyline(elements, 40)
    i, node = np.radians(i), np.radians(node)
    normal = np.array([np.sin(i) * np.sin(node), -np.sin(i) * np.cos(node), np.cos(i)])
    assert np.abs(line @ normal).max() < 1e-9
