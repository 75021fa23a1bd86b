"""Spectral energy distributions: pictures with the table behind them."""

import gzip

import polars as pl
import pytest

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import run
from skywright.assistant.tools.zero_points import BANDS
from skywright.sources.sandbox.running import Options, running_sandbox

OPENNGC = (
    "Name;Type;RA;Dec;Const;MajAx;MinAx;PosAng;B-Mag;V-Mag;J-Mag;H-Mag;K-Mag;SurfBr;Hubble;Pax;"
    "Pm-RA;Pm-Dec;RadVel;Redshift;Cstar U-Mag;Cstar B-Mag;Cstar V-Mag;M;NGC;IC;Cstar Names;"
    "Identifiers;Common names;NED notes;OpenNGC notes;Sources\n"
    "NGC9001;G;10:00:00.00;-20:00:00.0;Hya;10;;;11.0;10.0;8.0;7.5;7.25;;;;;;;;;;;;;;;;;;;\n"
    "NGC9002;G;11:00:00.00;-10:00:00.0;Hya;10;;;;12.0;;;;;;;;;;;;;;;;;;;;;;\n"
)


@pytest.fixture(scope="module")
def own_sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    with gzip.open(folder / "openngc_NGC.csv.gz", "wt") as file:
        file.write(OPENNGC)
    cache = tmp_path_factory.mktemp("cache")
    with running_sandbox(folder, options=Options(cache=cache)) as running:
        yield running


@pytest.fixture
def desk(tmp_path, own_sandbox):
    settings = own_sandbox.settings()
    settings.catalogues_dir.mkdir(parents=True)
    return Desk(folder=tmp_path / "files", settings=settings)


def asked(desk, tool, **arguments):
    return run(ToolCall(id="1", tool=tool, arguments=arguments), desk)


def is_picture(artifact):
    with open(artifact.path, "rb") as file:  # noqa: PTH123
        return file.read(8) == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("band", "magnitude", "flux_jy"),
    [("V", 0.0, 3636.0), ("K", 5.0, 6.667), ("r", 20.0, 3.631e-5), ("G", 2.5, 327.0056)],
)
def test_a_magnitude_becomes_a_flux_density_by_the_published_zero_point(band, magnitude, flux_jy):
    assert BANDS[band].flux_jy(magnitude) == pytest.approx(flux_jy)


def test_the_distribution_of_a_galaxy_has_the_bands_of_simbad(desk):
    told = asked(desk, "plot-sed", target="NGC 9001").result
    picture, file = told.artifacts
    table = pl.read_csv(file.path)
    assert is_picture(picture)
    assert table["band"].to_list() == ["B", "V", "J", "H", "K"]
    assert table["flux_density_jy"][1] == pytest.approx(0.3636, rel=1e-4)
    assert set(table["source"]) == {"SIMBAD"}
    assert told.origins[0].service == "simbad"
    assert "FROM allfluxes" in told.origins[0].query
    assert "V 10.00 mag = 0.3636 Jy" in told.text
    assert told.table in desk.tables


def test_without_simbad_the_installed_magnitudes_are_drawn_and_it_is_said(desk, own_sandbox):
    with gzip.open(desk.settings.catalogues_dir / "openngc_NGC.csv.gz", "wt") as file:
        file.write(OPENNGC)
    dead = {"simbad_url": "http://127.0.0.1:9/tap", "http_timeout_s": 1.0}
    desk.settings = desk.settings.model_copy(update=dead)
    told = asked(desk, "plot-sed", target="NGC 9001").result
    assert set(pl.read_csv(told.artifacts[1].path)["source"]) == {"OpenNGC"}
    assert "Only OpenNGC's magnitudes are shown" in told.warnings[0]


def test_one_band_is_too_little_to_draw(desk):
    told = asked(desk, "plot-sed", target="NGC 9002").error
    assert "too little photometry" in told
    assert "the bands known are V" in told
    assert desk.tables == {}
