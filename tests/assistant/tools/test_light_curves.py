"""Light curves: of a table, of installed files, and of MAST from the question to the picture."""

import json
import socket

import numpy as np
import polars as pl
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route
from typer.testing import CliRunner

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools import light_curve_archive
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.light_curve_archive import addresses
from skywright.assistant.tools.running import run
from skywright.cli.main import app
from skywright.settings import get_settings
from skywright.sources import catalogues
from skywright.sources.sandbox.columns import OBSCORE
from skywright.sources.sandbox.holdings import Field, Holdings, Table
from skywright.sources.sandbox.running import serving
from skywright.sources.sandbox.tap import Limits, TapService

NAMES = [one.name for one in OBSCORE] + ["access_url"]


@pytest.fixture
def desk(tmp_path, sandbox):
    sandbox.faults.clear()
    settings = sandbox.settings()
    settings.catalogues_dir.mkdir(parents=True)
    return Desk(folder=tmp_path / "files", settings=settings)


def asked(desk, tool, **arguments):
    return run(ToolCall(id="1", tool=tool, arguments=arguments), desk)


def is_picture(path):
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(8) == b"\x89PNG\r\n\x1a\n"


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
    assert is_picture(told.artifacts[0].path)
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


def test_an_installed_file_is_found_by_the_star_of_its_header_and_others_are_named(desk, tmp_path):
    for sector in (1, 2):
        write_tess(tmp_path / f"tess2018-s000{sector}_lc.fits")
    catalogues.add(sorted(tmp_path.glob("*.fits")), desk.settings)
    told = asked(desk, "plot-light-curve", target="TIC 7").result
    assert told.origins[0].title == "Installed light-curve file tess2018-s0002_lc.fits"
    assert "also installed of it are tess2018-s0001_lc.fits: name one as table" in told.warnings[0]
    first = asked(desk, "plot-light-curve", table="tess2018-s0001_lc.fits").result
    assert first.origins[0].title == "Installed light-curve file tess2018-s0001_lc.fits"


def test_an_installed_file_of_another_mission_is_not_taken(desk):
    write_tess(desk.settings.catalogues_dir / "x_lc.fits")
    told = asked(desk, "plot-light-curve", target="TIC 7", mission="Kepler").error
    assert "MAST lists no time series of TIC 7 by Kepler" in told


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


class Mast:
    """MAST's TAP service and files on the loopback device; ``files`` are bytes or statuses."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.files, self.rows, self.fetched = {}, [], []

    def lists(self, name, target, content=b"", **known):
        """List a time series; a file name without a slash is on this host."""
        url = name if "/" in name else f"{self.url}/Download/file?uri=mast:TESS/product/{name}"
        self.files[name] = content
        told = {
            "obs_collection": "TESS",
            "dataproduct_type": "timeseries",
            "t_min": 59000.0,
            "target_name": target,
            "s_ra": 10.0,
            "s_dec": 20.0,
            "access_url": url,
        } | known
        self.rows.append([told.get(column) for column in NAMES])

    def file(self, request):
        name = request.query_params["uri"].rpartition("/")[2]
        self.fetched.append((name, request.headers["user-agent"]))
        content = self.files[name]
        if isinstance(content, int):
            return Response("elsewhere", content, {"Location": f"{self.url}/other"})
        return Response(content, media_type="application/fits")

    def application(self, folder):
        fields = (*OBSCORE, Field("access_url"))
        table = Table("ivoa", "obscore", fields, lambda: self.rows, repr(self.rows))
        tap = TapService("mast", Holdings([table], folder), Limits(1000, 1000, 1000))
        return Starlette(
            routes=[Mount("/tap", routes=tap.routes()), Route("/Download/file", self.file)]
        )


@pytest.fixture
def ask(tmp_path, sandbox, monkeypatch):
    """Ask a question of an installation whose MAST is the one of the test."""
    sandbox.faults.clear()

    def ask(mast, question, code=0):
        environment = sandbox.environment() | {"SKYWRIGHT_MAST_URL": f"{mast.url}/tap"}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        with serving(mast.application(tmp_path / "mast"), mast.listening):
            words = ["ask", question, "--out", str(tmp_path / "out"), "--json"]
            done = CliRunner().invoke(app, words)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    return ask


@pytest.fixture
def tess(tmp_path):
    """The bytes of a light-curve file."""
    write_tess(tmp_path / "made.fits")
    return (tmp_path / "made.fits").read_bytes()


@pytest.fixture
def mast():
    mast = Mast()
    yield mast
    mast.listening.close()


def test_a_question_leads_to_the_picture_and_the_table_of_mast_s_newest_file(ask, mast, tess):
    mast.lists("tess-s0001-7_lc.fits", "7", b"old", t_min=58000.0)
    mast.lists("tess-s0027-7_lc.fits", "7", tess)
    mast.lists("tess-s0027-7_fast-lc.fits", "7", b"large")
    mast.lists("tess-s0027-8_lc.fits", "8", b"of another star", s_ra=200.0)
    told = ask(mast, "Plot the light curve of TIC 7")
    picture, table = (one["path"] for one in told["artifacts"])
    assert is_picture(picture)
    rows = pl.read_csv(table)
    assert rows.height == 198
    assert rows["normalised_flux"].min() == pytest.approx(0.99)
    assert "198 points of PDCSAP_FLUX over 20 days" in told["text"]
    assert [name for name, _ in mast.fetched] == ["tess-s0027-7_lc.fits"]
    assert mast.fetched[0][1].startswith("skywright/")
    assert told["citations"]


def test_a_star_with_a_name_is_searched_by_its_position_and_the_mission(ask, mast, tess):
    place = {"s_ra": 10.6848, "s_dec": 41.2690}
    mast.lists("kplr-7_llc.fits", "7", tess, obs_collection="Kepler", **place)
    mast.lists("tess-7_lc.fits", "7", b"of another mission", **place)
    told = ask(mast, "plot the Kepler light curve of M31")
    assert is_picture(told["artifacts"][0]["path"])
    assert [name for name, _ in mast.fetched] == ["kplr-7_llc.fits"]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("KIC 8462852", "kplr008462852"),
        ("Tabby's Star", "kplr008462852"),
        ("EPIC 201367065", "ktwo201367065"),
    ],
)
def test_a_number_of_kepler_or_k2_is_written_as_mast_writes_it(desk, mast, tess, name, target):
    mast.lists("k_llc.fits", target, tess, obs_collection="Kepler")
    mast_url = f"{mast.url}/tap"
    desk.settings = desk.settings.model_copy(update={"mast_url": mast_url})
    with serving(mast.application(desk.folder / "mast"), mast.listening):
        told = asked(desk, "plot-light-curve", target=name)
    assert told.result is not None, told.error
    assert told.result.data["points"] == 198


def test_no_time_series_is_told_with_what_to_do(ask, mast):
    mast.lists("x_lc.fits", "7", dataproduct_type="image")
    told = ask(mast, "plot the light curve of TIC 7")
    assert "MAST lists no time series of TIC 7" in told["text"]
    assert "skywright catalogues add" in told["text"]
    assert told["artifacts"] == []


def test_time_series_without_a_file_on_the_host_of_the_setting_are_told(ask, mast):
    mast.lists("https://elsewhere.example/x_lc.fits", "7")
    mast.lists("x_dvt.fits", "7", obs_collection="HLSP")
    told = ask(mast, "plot the light curve of TIC 7")
    assert "MAST lists 2 time series of TIC 7 (HLSP, TESS), but no light-curve file" in told["text"]
    assert mast.fetched == []


def _without_flux(tmp_path):
    from astropy.io import fits

    column = fits.Column("TIME", "D", array=np.arange(3.0))
    table = fits.BinTableHDU.from_columns([column])
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "f.fits")
    return (tmp_path / "f.fits").read_bytes()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda _: b"<html>down for maintenance</html>", "is no light curve in FITS"),
        (lambda tess: tess[:2000], "is no light curve in FITS"),
        (lambda tess: tess[:7000], "is no light curve in FITS"),
        (lambda _: 404, "MAST answered HTTP 404"),
        (lambda _: 302, "MAST answered HTTP 302"),
        (lambda _: b"", "is no light curve in FITS"),
    ],
    ids=["page", "cut-in-the-header", "cut-in-the-table", "missing", "redirected", "empty"],
)
def test_a_broken_file_is_told_in_a_sentence_and_leaves_nothing(ask, mast, tess, broken, words):
    mast.lists("s_lc.fits", "7", broken(tess))
    told = ask(mast, "plot the light curve of TIC 7", code=3)
    assert words in told["text"]
    assert told["artifacts"] == []


def test_a_file_without_a_column_of_flux_is_told(ask, mast, tmp_path):
    mast.lists("s_lc.fits", "7", _without_flux(tmp_path))
    told = ask(mast, "plot the light curve of TIC 7", code=3)
    assert "has no column PDCSAP_FLUX" in told["text"]


def test_a_file_that_is_too_large_is_not_fetched_whole(ask, mast, tess, monkeypatch):
    monkeypatch.setattr(light_curve_archive, "MOST_BYTES", 4096)
    mast.lists("s_lc.fits", "7", tess)
    told = ask(mast, "plot the light curve of TIC 7", code=3)
    assert "The light curve is larger than" in told["text"]
    assert told["artifacts"] == []
