"""Pictures are PNG files, and unknown objects are refused by name."""

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.neo.anomalies import add_anomalies
from skywright.neo.novelty_plots import plot_features, plot_reasons, plot_scores, write_plots


@pytest.fixture(scope="module")
def scored():
    # JPL SBDB, October 2024: Apophis and Phaethon.
    table = pl.DataFrame(
        {
            "designation": ["2004 MN4", "1983 TB"],
            "a_au": [0.9224, 1.271],
            "e": [0.1911, 0.8898],
            "i_deg": [3.34, 22.31],
            "node_deg": [203.9, 265.1],
            "peri_deg": [126.67, 322.31],
            "h_mag": [19.09, 14.4],
        }
    )
    return add_anomalies(table)


@pytest.mark.parametrize(
    "draw",
    [
        lambda scored: plot_scores(scored, ["1983 TB"]),
        lambda scored: plot_features(scored, "1983 TB"),
        lambda scored: plot_features(scored, "2004 MN4", x="i_deg", y="a_au"),
        lambda scored: plot_reasons(scored, "1983 TB"),
    ],
)
def test_a_picture_is_a_png(scored, draw):
    assert draw(scored).startswith(b"\x89PNG")


def test_an_unknown_object_is_refused_by_name(scored):
    with pytest.raises(InputError, match="no object 'Vulcan'"):
        plot_scores(scored, ["Vulcan"])


def test_an_unknown_feature_is_refused_with_the_choice(scored):
    with pytest.raises(InputError, match="a_au, e, i_deg, h_mag"):
        plot_features(scored, "1983 TB", x="colour")


def test_all_pictures_are_written(scored, tmp_path):
    written = write_plots(scored, tmp_path)
    assert [path.stat().st_size > 1000 for path in written] == [True] * 3


def test_a_missing_folder_is_named(scored, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        write_plots(scored, tmp_path / "none")
