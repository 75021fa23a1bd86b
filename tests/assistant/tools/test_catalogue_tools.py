"""Names, cones, queries, papers and quotes: asked of stand-ins that speak the real protocols."""

import gzip
import shutil

import polars as pl
import pytest

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import run
from skywright.sources.sandbox.running import Options, running_sandbox

OPENNGC = (
    "Name;Type;RA;Dec;Const;MajAx;MinAx;PosAng;B-Mag;V-Mag;J-Mag;H-Mag;K-Mag;SurfBr;Hubble;Pax;"
    "Pm-RA;Pm-Dec;RadVel;Redshift;Cstar U-Mag;Cstar B-Mag;Cstar V-Mag;M;NGC;IC;Cstar Names;"
    "Identifiers;Common names;NED notes;OpenNGC notes;Sources\n"
    "NGC9001;GCl;10:00:00.00;-20:00:00.0;Hya;10;;;;6.5;;;;;;;;;;;;;;;;;;ESO 1-1;Quiet Cluster;;;\n"
)


def stars():
    """Forty giants and sixty dwarfs near (150, -20), five of them without a BP magnitude."""
    n = 100
    return pl.DataFrame(
        {
            "source_id": range(1, n + 1),
            "ra": [150.0 + 0.001 * (k % 10) for k in range(n)],
            "dec": [-20.0 + 0.001 * (k // 10) for k in range(n)],
            "phot_g_mean_mag": [13.0 + 0.01 * k if k < 40 else 17.0 + 0.02 * k for k in range(n)],
            "phot_bp_mean_mag": [0.0 if k >= 95 else 18.2 for k in range(n)],
            "phot_rp_mean_mag": [17.0] * n,
        }
    )


@pytest.fixture(scope="module")
def own_sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    stars().write_csv(folder / "cluster_gaia_dr3.csv")
    cache = tmp_path_factory.mktemp("cache")
    with running_sandbox(folder, options=Options(cache=cache)) as running:
        yield running


@pytest.fixture
def desk(tmp_path, own_sandbox):
    settings = own_sandbox.settings()
    settings.catalogues_dir.mkdir(parents=True)
    with gzip.open(settings.catalogues_dir / "openngc_NGC.csv.gz", "wt") as file:
        file.write(OPENNGC)
    return Desk(folder=tmp_path / "files", settings=settings)


def asked(desk, tool, **arguments):
    return run(ToolCall(id="1", tool=tool, arguments=arguments), desk)


def test_an_installed_name_is_told_without_any_service(desk):
    found = asked(desk, "resolve-name", name="quiet cluster").result
    assert "RA=150.00 Dec=-20.00 (ICRS degrees; 150.0000, -20.0000)" in found.text
    assert (found.data["ra_deg"], found.data["dec_deg"]) == (150.0, -20.0)
    assert found.origins[0].service == "openngc"
    assert desk.target == found.data["name"]


def test_a_name_nobody_knows_says_who_was_asked(desk):
    told = asked(desk, "resolve-name", name="NGC 9999999").error
    assert "OpenNGC has no object named 'NGC 9999999'" in told
    assert "SIMBAD has no position" in told


def test_messier_31_is_where_it_is(tmp_path, sandbox, assistant_data):
    settings = sandbox.settings()
    settings.catalogues_dir.mkdir(parents=True)
    shutil.copy(assistant_data / "catalogs" / "openngc_NGC.csv.gz", settings.catalogues_dir)
    found = asked(Desk(folder=tmp_path, settings=settings), "resolve-name", name="M31").result
    assert found.text.startswith("M31 (NGC0224): RA=10.68 Dec=41.27 ")


def test_a_cone_by_name_leaves_a_table_a_file_and_the_query(desk):
    found = asked(desk, "cone-search", target="NGC 9001", radius_deg=0.083333).result
    assert found.data["count"] == 100
    assert "CIRCLE('ICRS', 150, -20, 0.083333)" in found.data["query"]
    assert found.data["query"].startswith("SELECT TOP 2000 ")
    assert "within 0.083333 degrees (5 arcminutes) of NGC 9001" in found.text
    assert [one.service for one in found.origins] == ["gaia", "openngc"]
    assert pl.read_csv(found.artifacts[0].path).height == desk.tables[found.table].height == 100


def test_a_result_that_was_cut_says_so(desk):
    found = asked(desk, "cone-search", ra_deg=150.0, dec_deg=-20.0, limit=7).result
    assert (found.data["count"], found.data["is_cut"]) == (7, True)
    assert "cut at 7 rows" in found.warnings[0]


def test_a_service_that_cuts_before_the_limit_is_named(desk, own_sandbox):
    own_sandbox.faults.set("gaia", "overflow")
    try:
        found = asked(desk, "cone-search", ra_deg=150.0, dec_deg=-20.0).result
        query = "SELECT TOP 50 source_id FROM gaiadr3.gaia_source WHERE phot_g_mean_mag < 1"
        queried = asked(desk, "run-adql", query=query).result
    finally:
        own_sandbox.faults.clear()
    assert found.data["is_cut"]
    assert f"The service itself cut the result at {found.data['count']:,} rows" in found.text
    assert "2,000" not in found.text
    assert "itself cut the result at 0 rows" in queried.text


def test_an_empty_place_is_an_answer_and_leaves_no_table(desk):
    found = asked(desk, "cone-search", ra_deg=10.0, dec_deg=60.0).result
    assert (found.data["count"], found.table, found.artifacts) == (0, "", ())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"target": "NGC 9001", "catalogue": "sdss", "radius_deg": 0.2}, "3 arcminutes"),
        ({"ra_deg": 10.0}, "Only one of ra_deg and dec_deg"),
        ({}, "Neither target nor"),
        ({"target": "NGC 9001", "catalogue": "hipp"}, "catalogue = 'hipp' is not known"),
        ({"ra_deg": 10.0, "dec_deg": 0.0, "radius_deg": 40}, "radius_deg"),
    ],
)
def test_a_cone_that_cannot_be_asked_is_a_sentence(desk, arguments, sentence):
    assert sentence in asked(desk, "cone-search", **arguments).error
    assert desk.tables == {}


def test_other_catalogues_are_searched_by_the_same_words(desk):
    assert (
        asked(desk, "cone-search", target="NGC 9001", catalogue="OpenNGC").result.data["rows"][0][
            "name"
        ]
        == "NGC9001"
    )


def test_a_query_is_checked_before_it_is_sent_and_its_top_is_bounded(desk):
    query = "SELECT source_id, ra FROM gaiadr3.gaia_source WHERE phot_g_mean_mag < 14"
    found = asked(desk, "run-adql", query=query, limit=3).result
    assert found.data["query"].startswith("SELECT TOP 3 source_id")
    assert (found.data["count"], found.data["is_cut"]) == (3, True)
    told = asked(desk, "run-adql", query="SELECT fou FROM gaiadr3.gaia_source").error
    assert "no column 'fou'" in told
    assert "SELECT" in asked(desk, "run-adql", query="DROP TABLE gaiadr3.gaia_source").error


def test_a_cut_of_colours_follows_the_search_and_warns_of_dwarfs(desk):
    asked(desk, "cone-search", target="NGC 9001")
    found = asked(desk, "colour-cut", low=0.8, high=1.5).result
    assert (found.data["with_colour"], found.data["in_colour"]) == (95, 95)
    assert "keeps dwarfs" in found.warnings[0]
    assert found.data["bright"] == 40
    bright = asked(
        desk, "colour-cut", low=0.8, high=1.5, brighter_than=15, table="gaia-dr3-ngc-9001"
    ).result
    assert (bright.data["kept"], bright.warnings) == (40, ())


def test_a_cut_by_magnitude_alone_keeps_stars_without_a_colour(desk):
    asked(desk, "cone-search", target="NGC 9001")
    found = asked(desk, "colour-cut", fainter_than=18.85).result
    assert (found.data["kept"], found.warnings) == (7, ())
    assert found.text == "7 of the 100 rows of the table gaia-dr3-ngc-9001 have 18.85 < G mag."


def test_a_cut_without_bounds_is_refused(desk):
    asked(desk, "cone-search", target="NGC 9001")
    assert "There is no bound" in asked(desk, "colour-cut").error
    assert "must be smaller" in asked(desk, "colour-cut", low=2, high=1).error


def test_the_reference_cluster_has_its_giants(tmp_path, sandbox, assistant_data):
    settings = sandbox.settings()
    settings.catalogues_dir.mkdir(parents=True)
    file = assistant_data / "catalogs" / "ngc6397_gaia_dr3.csv.gz"
    shutil.copy(file, settings.catalogues_dir)
    desk = Desk(folder=tmp_path, settings=settings)
    plot = asked(desk, "plot-cmd", target="NGC 6397").result
    assert plot.data["stars"] == 11_187
    assert (plot.table, desk.target) == ("ngc-6397", "NGC 6397")
    cut = asked(desk, "colour-cut", low=0.8, high=1.5).result
    assert (cut.data["in_colour"], cut.data["bright"]) == (9_595, 204)


def test_a_diagram_is_a_picture_with_its_table_behind(desk):
    asked(desk, "cone-search", target="NGC 9001")
    found = asked(desk, "plot-cmd").result
    picture, table = found.artifacts
    assert (found.data["stars"], found.data["y"]) == (95, "G [mag], inverted")
    with open(picture.path, "rb") as file:  # noqa: PTH123
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    assert pl.read_csv(table.path).columns[:2] == ["BP-RP", "G"]
    assert "5 of its 100 rows are not shown" in found.text


def test_a_diagram_without_a_table_says_how_one_is_made(desk):
    assert "catalogue" in asked(desk, "plot-cmd").error


def test_papers_come_from_ads_where_there_is_a_token_else_from_arxiv(desk):
    with_token = asked(desk, "search-papers", query="JWST exoplanet atmospheres").result
    assert with_token.origins[0].service == "ads"
    assert with_token.data["papers"]
    desk.settings = desk.settings.model_copy(
        update={"ads_token": type(desk.settings.ads_token)("")}
    )
    without = asked(desk, "search-papers", query="exoplanet atmospheres").result
    assert without.origins[0].service == "arxiv"
    assert "SKYWRIGHT_ADS_TOKEN" in without.warnings[0]


def test_entries_of_papers_are_a_file_too(desk):
    paper = asked(desk, "search-papers", query="JWST exoplanet atmospheres").result.data["papers"][
        0
    ]
    found = asked(desk, "get-bibtex", bibcodes=[paper["bibcode"]]).result
    assert paper["bibcode"] in found.text
    assert "stand-in" in found.origins[0].title
    assert found.artifacts[0].id.endswith(".bib")
    assert "neither a bibcode" in asked(desk, "get-bibtex", bibcodes=["x"]).error


def test_the_handbook_answers_in_its_own_words(desk):
    found = asked(desk, "search-knowledge", question="What is the MOID of an orbit?").result
    assert found.data["is_answered"]
    assert found.data["quotes"][0]["quote"] in found.text


def test_what_no_document_says_is_not_answered(desk):
    found = asked(desk, "search-knowledge", question="Who won the chess final in Lisbon?").result
    assert not found.data["is_answered"]
    assert found.text.startswith("No document answers this")
