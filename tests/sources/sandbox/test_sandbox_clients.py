"""The stand-ins, asked by pyvo and astroquery as their users would."""

import gc
import warnings

import pytest

pyvo = pytest.importorskip("pyvo")
# Both clients leave connections to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CONE = "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 265.1754, -53.6743, 5/60.0))"


@pytest.fixture(autouse=True)
def _collect_their_sockets():
    yield
    gc.collect()


@pytest.fixture
def gaia(sandbox):
    return pyvo.dal.TAPService(f"{sandbox.url}/gaia/tap")


@pytest.fixture
def simbad_of_astroquery(sandbox, monkeypatch, tmp_path):
    """astroquery's SIMBAD, which has its server built in, with another TAP service."""
    from astroquery.simbad import core

    there = pyvo.dal.TAPService(f"{sandbox.url}/simbad/tap")
    monkeypatch.setattr(core.SimbadClass, "tap", property(lambda _: there))
    core._cached_query_tap.cache_clear()
    return core.SimbadClass()


def test_pyvo_reads_units_and_ucds(gaia):
    table = gaia.search("SELECT TOP 3 ra, phot_g_mean_mag AS g FROM gaiadr3.gaia_source").to_table()
    assert [str(table[name].unit) for name in ("ra", "g")] == ["deg", "mag"]
    assert table["ra"].meta["ucd"] == "pos.eq.ra;meta.main"


def test_pyvo_warns_of_an_overflow(gaia, assistant_data):
    with pytest.warns(pyvo.dal.exceptions.DALOverflowWarning):
        rows = gaia.search("SELECT ra FROM gaiadr3.gaia_source")
    assert len(rows) == 2_000


def test_pyvo_gets_the_words_of_a_refusal(gaia):
    with pytest.raises(
        pyvo.dal.DALQueryError, match=r"Unknown column 'nothing' \(line 1, column 8\)"
    ):
        gaia.search("SELECT nothing FROM gaiadr3.gaia_source")


def test_pyvo_runs_a_job_to_its_end(gaia):
    job = gaia.submit_job("SELECT TOP 2 source_id FROM gaiadr3.gaia_source ORDER BY source_id")
    assert job.phase == "PENDING"
    job.run().wait()
    assert job.phase == "COMPLETED"
    assert list(job.fetch_result().to_table()["source_id"]) == [1, 2]
    job.delete()


def test_a_job_that_fails_tells_why(gaia):
    job = gaia.submit_job("SELECT FROM gaiadr3.gaia_source")
    job.run().wait()
    with pytest.raises(pyvo.dal.DALQueryError, match="Incorrect ADQL query"):
        job.raise_if_error()


def test_a_job_that_is_aborted_stays_so(gaia):
    job = gaia.submit_job("SELECT TOP 1 ra FROM gaiadr3.gaia_source")
    job.abort()
    job.run()
    assert job.phase == "ABORTED"


def test_pyvo_finds_tables_and_columns(gaia):
    assert "gaiadr3.gaia_source" in gaia.tables
    columns = gaia.tables["gaiadr3.gaia_source"].columns
    assert {column.name: column.unit for column in columns}["parallax"] == "mas"


def test_pyvo_finds_capabilities_and_limits(gaia):
    assert gaia.maxrec == 2_000
    assert gaia.get_tap_capability().get_adql().name == "ADQL"


def test_an_uploaded_table_is_joined(gaia):
    from astropy.table import Table

    mine = Table({"source_id": [2, 3], "name": ["two", "three"]})
    rows = gaia.search(
        "SELECT m.name, g.ra FROM gaiadr3.gaia_source AS g "
        "JOIN TAP_UPLOAD.mine AS m ON m.source_id = g.source_id ORDER BY m.name",
        uploads={"mine": mine},
    )
    assert list(rows["name"]) == ["three", "two"]


@pytest.mark.parametrize("how", ["launch_job", "launch_job_async"])
def test_tapplus_counts_the_stars_of_a_cluster(sandbox, assistant_data, how, tmp_path, monkeypatch):
    from astroquery.utils.tap.core import TapPlus

    monkeypatch.chdir(tmp_path)
    tap = TapPlus(url=f"{sandbox.url}/gaia/tap")
    job = getattr(tap, how)(f"SELECT COUNT(*) AS n FROM gaiadr3.gaia_source WHERE {CONE}")
    assert job.get_results()["n"][0] == 3_065


def test_tapplus_is_told_why_a_query_is_refused(sandbox):
    from astroquery.utils.tap.core import TapPlus

    tap = TapPlus(url=f"{sandbox.url}/gaia/tap")
    with pytest.raises(Exception, match="Unknown column"):
        tap.launch_job("SELECT nothing FROM gaiadr3.gaia_source")


def test_tapplus_lists_tables(sandbox):
    from astroquery.utils.tap.core import TapPlus

    tables = TapPlus(url=f"{sandbox.url}/gaia/tap").load_tables()
    assert "gaia_source" in " ".join(table.name for table in tables)


@pytest.mark.parametrize("name", ["M31", "m 31", "NGC 224", "NGC0224"])
def test_astroquery_resolves_a_name_however_it_is_written(simbad_of_astroquery, name):
    (row,) = simbad_of_astroquery.query_object(name)
    assert row["main_id"] == "M  31"
    assert (row["ra"], row["dec"]) == (
        pytest.approx(10.685, abs=0.01),
        pytest.approx(41.269, abs=0.01),
    )


def test_astroquery_resolves_several_names_at_once(simbad_of_astroquery):
    rows = simbad_of_astroquery.query_objects(["M13", "nothing at all", "NGC 6397"])
    assert list(rows["user_specified_id"]) == ["M13", "nothing at all", "NGC 6397"]
    assert [str(one).strip() for one in rows["main_id"]] == ["M  13", "", "NGC  6397"]


def test_astroquery_finds_what_is_around_a_position(simbad_of_astroquery):
    from astropy.coordinates import SkyCoord

    centre = SkyCoord(250.42, 36.46, unit="deg")
    rows = simbad_of_astroquery.query_region(centre, radius="5m")
    assert "M  13" in list(rows["main_id"])


def test_astroquery_lists_names_and_columns(simbad_of_astroquery):
    assert "NGC   224" in list(simbad_of_astroquery.query_objectids("M31")["id"])
    assert "rvz_redshift" in list(simbad_of_astroquery.list_columns("basic")["column_name"])


def test_a_cone_search_of_vizier(sandbox, assistant_data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pyvo.utils.prototype.PrototypeWarning)
        rows = pyvo.dal.conesearch(
            f"{sandbox.url}/vizier/viz-bin/conesearch/I/355/gaiadr3",
            pos=(265.1754, -53.6743),
            radius=5 / 60,
        )
    assert len(rows) == 3_065
