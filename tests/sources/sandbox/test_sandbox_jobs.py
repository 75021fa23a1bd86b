"""TAP by hand: formats, limits, jobs and their parts, what is refused."""

import httpx
import pytest

from skywright.sources.sandbox.catalogues import find, tables
from skywright.sources.sandbox.holdings import Field, Holdings
from skywright.sources.sandbox.running import Options, running_sandbox
from skywright.sources.sandbox.votable import typed

QUERY = "SELECT TOP 5 pl_name FROM pscomppars ORDER BY pl_name"


@pytest.fixture
def tap(sandbox):
    with httpx.Client(base_url=f"{sandbox.url}/exoplanets/tap", timeout=30) as client:
        yield client


@pytest.mark.parametrize(
    ("form", "kind"),
    [("votable", "application/x-votable+xml"), ("csv", "text/csv"), ("json", "application/json")],
)
def test_formats(tap, form, kind):
    answer = tap.get("/sync", params={"QUERY": QUERY, "FORMAT": form})
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"QUERY": QUERY, "FORMAT": "fits"}, "FORMAT = 'fits'"),
        ({"QUERY": QUERY, "LANG": "SQL"}, "LANG = 'SQL'"),
        ({"QUERY": QUERY, "MAXREC": "many"}, "MAXREC = 'many'"),
        ({"QUERY": "SELECT a FROM nowhere"}, "Unknown table 'nowhere' (line 1, column 15)"),
        ({}, "QUERY is missing"),
        ({"QUERY": "SELECT pl_name FROM pscomppars WHERE healpix(1) = 2"}, "Unknown function"),
    ],
)
def test_what_is_refused_is_named(tap, asked, words):
    answer = tap.post("/sync", data=asked)
    assert answer.status_code == 400
    assert 'value="ERROR"' in answer.text
    assert words in answer.text.replace("&apos;", "'")


@pytest.mark.parametrize(("most", "is_cut"), [(0, True), (4, True), (5, False)])
def test_the_overflow_flag_is_set_where_rows_are_left(tap, most, is_cut):
    answer = tap.get("/sync", params={"QUERY": QUERY, "MAXREC": str(most)})
    assert answer.text.count("<TR>") == most
    assert ("OVERFLOW" in answer.text) == is_cut


def test_a_job_goes_through_its_life(tap):
    made = tap.post("/async", data={"QUERY": QUERY, "LANG": "ADQL", "FORMAT": "csv"})
    assert made.status_code == 303
    job = made.headers["location"]
    assert tap.get(f"{job}/phase").text == "PENDING"
    tap.post(f"{job}/parameters", data={"MAXREC": "2"})
    assert tap.get(f"{job}/results/result").status_code == 404
    tap.post(f"{job}/phase", data={"PHASE": "RUN"})
    tap.get(job, params={"WAIT": "10"})
    assert "COMPLETED" in tap.get(job, params={"WAIT": "10"}).text
    assert len(tap.get(f"{job}/results/result").text.splitlines()) == 3
    assert job.rpartition("/")[2] in tap.get("/async").text
    assert tap.delete(job).status_code == 303
    assert tap.get(job).status_code == 404


def test_a_job_that_failed_has_a_document_of_its_error(tap):
    made = tap.post("/async", data={"QUERY": "SELECT x FROM pscomppars", "PHASE": "RUN"})
    job = made.headers["location"]
    for _ in range(5):
        told = tap.get(job, params={"WAIT": "5"}).text
        if "ERROR" in told:
            break
    assert "Unknown column" in told
    assert "Unknown column" in tap.get(f"{job}/error").text


def test_nothing_can_be_written(tmp_path):
    from skywright.sources.sandbox.holdings import only_read

    holdings = Holdings(tables(find([]))["exoplanets"], tmp_path)
    with holdings.connection() as connection:
        only_read(connection)
        with pytest.raises(Exception, match="not authorized"):
            connection.execute("DELETE FROM pscomppars")


def test_a_changed_catalogue_is_read_anew(tmp_path):
    file = tmp_path / "files" / "mine.csv"
    file.parent.mkdir()
    counts = []
    for rows in (1, 2):
        file.write_text("ra,dec,G\n" + "1.0,2.0,0\n" * rows, encoding="utf-8")
        with running_sandbox(file.parent, options=Options(cache=tmp_path / "cache")) as running:
            asked = {"QUERY": "SELECT COUNT(*), COUNT(phot_g_mean_mag) FROM gaiadr3.gaia_source"}
            answer = httpx.get(f"{running.url}/gaia/tap/sync", params={**asked, "FORMAT": "csv"})
            counts.append(answer.text.splitlines()[1])
    assert counts == ["1,0", "2,0"]


def test_some_rows_are_there_without_any_file(tmp_path):
    with running_sandbox(options=Options(cache=tmp_path)) as running:
        for service, table, rows in (("gaia", "gaiadr3.gaia_source", 132), ("simbad", "basic", 13)):
            asked = {"QUERY": f"SELECT COUNT(*) FROM {table}", "FORMAT": "csv"}
            answer = httpx.get(f"{running.url}/{service}/tap/sync", params=asked)
            assert answer.text.splitlines()[1] == f"{rows}"


def test_settings_and_environment_lead_to_it(sandbox):
    assert sandbox.settings().gaia_url == f"{sandbox.url}/gaia/tap"
    assert sandbox.environment()["SKYWRIGHT_ADS_TOKEN"]


@pytest.mark.parametrize(
    ("datatype", "values", "expected"),
    [
        ("float", [1, 2], "float"),
        ("double", [None, None], "double"),
        ("char", [1, None], "int"),
        ("int", [2**40], "long"),
        ("long", [1], "long"),
        ("char", [1, 2.5], "double"),
        ("double", ["a", 1.0], "char"),
    ],
)
def test_a_column_has_a_type_that_holds_its_values(datatype, values, expected):
    assert typed(Field("x", datatype), values).datatype == expected


def test_columns_of_gaia_that_a_file_has_are_kept_and_others_are_null(tmp_path):
    file = tmp_path / "files" / "mine.csv"
    file.parent.mkdir()
    text = "ra,dec,phot_g_mean_mag,parallax,phot_g_n_obs\n1.0,2.0,12.5,4.5,230\n"
    file.write_text(text, encoding="utf-8")
    query = "SELECT parallax, phot_g_n_obs, pmra, astrometric_chi2_al FROM gaiadr3.gaia_source"
    with running_sandbox(file.parent, options=Options(cache=tmp_path / "cache")) as running:
        asked = {"QUERY": query, "FORMAT": "csv"}
        answer = httpx.get(f"{running.url}/gaia/tap/sync", params=asked, timeout=30)
    assert answer.text.splitlines()[1] == "4.5,230.0,,"
