"""Spectral energy distributions and light curves: pictures with the table behind them."""

import gzip
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import numpy as np
import polars as pl
import pytest

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.light_curve_archive import addresses, fetched
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


def transit(n=200):
    """A flat star with a dip of one per cent."""
    time = np.linspace(0.0, 20.0, n)
    return time, np.where(np.abs(time - 10.0) < 0.5, 990.0, 1000.0)


def write_tess(path):
    """A light-curve file as TESS has them: one flagged cadence, one without a value."""
    from astropy.io import fits

    time, flux = transit()
    flux[3] = np.nan
    quality = np.zeros(time.size, dtype=np.int32)
    quality[5] = 128
    flux[5] = 5000.0
    columns = [
        fits.Column("TIME", "D", array=time + 1325.0),
        fits.Column("PDCSAP_FLUX", "E", array=flux),
        fits.Column("QUALITY", "J", array=quality),
    ]
    table = fits.BinTableHDU.from_columns(columns)
    table.header["BJDREFI"], table.header["BJDREFF"] = 2457000, 0.5
    primary = fits.PrimaryHDU()
    primary.header["OBJECT"], primary.header["TELESCOP"] = "TIC 7", "TESS"
    fits.HDUList([primary, table]).writeto(path)


def test_a_table_of_the_conversation_is_drawn_by_its_columns(desk):
    time, flux = transit()
    desk.tables["mine"] = pl.DataFrame({"BJD": 2_459_123.0 + time, "flux": flux})
    told = asked(desk, "plot-light-curve").result
    table = pl.read_csv(told.artifacts[1].path)
    assert is_picture(told.artifacts[0])
    assert told.data["x"] == "BJD − 2,459,100 [d]"
    assert table["normalised_flux"].max() == pytest.approx(1.0)
    assert table["normalised_flux"].min() == pytest.approx(0.99)
    assert "from BJD 2459123.0000 to 2459143.0000" in told.text


def test_magnitudes_become_flux(desk):
    desk.tables["m"] = pl.DataFrame({"mjd": [1.0, 2.0, 3.0], "mag": [10.0, 10.0, 12.5]})
    told = asked(desk, "plot-light-curve", table="m").result
    assert pl.read_csv(told.artifacts[1].path)["normalised_flux"][2] == pytest.approx(0.1)


def test_a_table_without_time_names_its_columns(desk):
    desk.tables["stars"] = pl.DataFrame({"ra": [1.0], "flux": [2.0]})
    told = asked(desk, "plot-light-curve", table="stars").error
    assert "no column of time; its columns are ra, flux" in told


def test_an_installed_file_of_tess_keeps_good_cadences_only(desk):
    write_tess(desk.settings.catalogues_dir / "tic_7_s0001_lc.fits")
    told = asked(desk, "plot-light-curve", target="TIC 7", mission="TESS").result
    assert (told.data["points"], told.data["left_out"]) == (198, 2)
    assert told.data["offset_d"] == 2_457_000.5
    assert told.data["x"] == "BJD − 2,457,000.5 [d]"
    assert "2 rows without a value or with a flag were left out" in told.text
    assert told.origins[0].title == "Installed light-curve file tic_7_s0001_lc.fits"


def test_an_installed_csv_file_is_found_by_the_name_of_the_star(desk):
    time, flux = transit()
    rows = pl.DataFrame({"time": time, "flux": flux})
    rows.write_csv(desk.settings.catalogues_dir / "quiet_star_lc.csv")
    told = asked(desk, "plot-light-curve", target="Quiet Star").result
    assert "The light curve of Quiet Star has 200 points of flux over 20 days" in told.text


def test_what_mast_lists_without_a_file_is_told(desk):
    told = asked(desk, "plot-light-curve", target="WASP-39").error
    assert "MAST lists 1 time series of WASP-39 (JWST)" in told
    assert "no light-curve file" in told
    assert (
        "MAST lists no time series of TIC 12345"
        in asked(desk, "plot-light-curve", target="TIC 12345").error
    )


def test_only_light_curves_of_the_host_of_the_setting_are_taken():
    home = "https://mast.example/files"
    urls = [f"{home}/a_lc.fits", f"{home}/a_dvt.fits", "https://other.example/b_lc.fits"]
    rows = pl.DataFrame({"access_url": [*urls, f"{home}?uri=x/c_llc.fits"], "t_min": [1, 2, 3, 4]})
    found = addresses(rows, "https://mast.example/tap")
    assert found == [f"{home}?uri=x/c_llc.fits", f"{home}/a_lc.fits"]


def test_a_file_of_the_archive_is_fetched_and_read(desk, tmp_path):
    write_tess(tmp_path / "s1_lc.fits")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/s1_lc.fits"
        curve = fetched(desk, url, "TIC 7")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert curve.time_d.size == 198
