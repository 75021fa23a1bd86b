"""Gaia, SIMBAD and VizieR against servers that speak TAP over catalogues of the reference data."""

import pytest

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources import gaia, simbad, tap, vizier
from skywright.sources.adql import check
from skywright.sources.collecting import Visit, Wish, visit, visiting
from skywright.sources.cones import Cone

NGC6397 = Cone(265.1754, -53.6743, 5 / 60)


@pytest.fixture
def at(sandbox, fetcher):
    """Return a visit to a source in the sandbox."""
    sandbox.faults.clear()
    settings = sandbox.settings(Settings())
    return lambda module, **wish: Visit(module.STATE, fetcher, settings, Wish(**wish))


def test_the_cone_of_gaia_is_the_adql_of_its_manual():
    adql = gaia.cone_adql(Cone(250.4235, 36.4613, 5 / 60), Settings(), 2_000)
    parsed = check(adql, gaia.known(Settings()))
    assert parsed.top == 2_000
    assert adql.startswith("SELECT TOP 2000 source_id, ra, dec, ")
    assert "FROM gaiadr3.gaia_source WHERE 1=CONTAINS(POINT('ICRS', ra, dec), " in adql
    assert adql.endswith("CIRCLE('ICRS', 250.4235, 36.4613, 0.083333))")


def test_the_release_of_gaia_is_a_setting():
    assert "FROM gaiadr4.gaia_source" in gaia.cone_adql(
        NGC6397, Settings(gaia_release="gaiadr4"), 5
    )


def test_the_columns_of_gaia_are_those_of_the_recorded_table():
    columns = gaia.known(Settings())["gaiadr3.gaia_source"]
    assert len(columns) == len(set(columns)) == 152
    assert set(gaia.COLUMNS) <= set(columns)


@pytest.mark.parametrize("module", [gaia, simbad])
def test_a_radius_above_the_limit_is_refused(at, module):
    with pytest.raises(InputError, match="is above what"):
        module.cone(at(module), Cone(1.0, 1.0, 11.0), 10)


def test_a_cone_of_gaia_has_every_star(at, assistant_data):
    answer = gaia.cone(at(gaia), NGC6397, 5_000)
    assert answer.table.height == 3_065
    assert not answer.is_cut
    assert answer.units["phot_g_mean_mag"] == "mag"


def test_a_cone_of_gaia_that_meets_its_limit_says_so(at, assistant_data):
    answer = gaia.cone(at(gaia), NGC6397, 100)
    assert answer.table.height == 100
    assert answer.is_cut


def test_simbad_resolves_a_name_with_its_type_and_other_names(at, assistant_data):
    found = simbad.resolve(at(simbad), "M31")
    assert (round(found.ra_deg, 4), round(found.dec_deg, 4)) == (10.6848, 41.2691)
    assert found.kind == "galaxy"
    assert "NGC 224" in found.identifiers
    assert "Andromeda Galaxy" in found.common_names


def test_simbad_names_with_quotes_are_data(at):
    with pytest.raises(NotFoundError, match="no position of an object named"):
        simbad.resolve(at(simbad), "x' OR '1' = '1")


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_an_empty_or_endless_name_is_refused(name):
    with pytest.raises(InputError, match="empty or too long"):
        simbad.name_adql(name)


def test_a_cone_of_simbad_holds_its_centre(at, assistant_data):
    answer = simbad.cone(at(simbad), Cone(10.6848, 41.2691, 0.5), 50)
    assert "M  31" in answer.table["main_id"].to_list()


def test_a_table_of_vizier_is_searched_by_its_own_columns(at, assistant_data):
    answer = vizier.cone(at(vizier), "gaia-dr3", NGC6397, 5_000)
    assert answer.table.height == 3_065
    assert "POINT('ICRS', RA_ICRS, DE_ICRS)" in answer.adql


def test_a_catalogue_of_one_table_is_that_table(at):
    assert vizier.describe(at(vizier), "I/355").name == "I/355/gaiadr3"


def test_a_table_that_vizier_does_not_have_is_not_found(at):
    with pytest.raises(NotFoundError, match="no table 'J/none'"):
        vizier.describe(at(vizier), "J/none")


@pytest.mark.parametrize("table", ['I/355"; DROP', "", "a b", "x" * 81, "../etc"])
def test_a_name_that_no_table_has_is_refused_before_it_is_sent(at, table):
    with pytest.raises((InputError, NotFoundError)):
        vizier.describe(at(vizier), table)


def test_queries_of_a_user_are_checked_against_what_the_service_has(at):
    one = at(simbad)
    assert tap.checked(one, "SELECT filtername FROM filter", simbad.KNOWN).tables == ("filter",)
    with pytest.raises(InputError, match="no table 'basics'.*basic"):
        tap.checked(one, "SELECT ra FROM basics", simbad.KNOWN)


def test_a_visit_keeps_its_answers_in_the_data_folder(sandbox, tmp_path):
    settings = sandbox.settings(Settings(data_dir=tmp_path))
    with visiting(gaia.COLLECTOR, settings) as one:
        gaia.cone(one, Cone(10.0, 10.0, 0.001), 5)
    assert (tmp_path / "raw" / "gaia" / "provenance.jsonl").is_file()
    assert one.provenance[0].licence == gaia.STATE.licence


@pytest.mark.parametrize(
    ("module", "part", "least"),
    [
        (gaia, "bright-stars", 0),
        (gaia, "nearby-stars", 0),
        (simbad, "messier", 1),
        (simbad, "ngc", 5),
        (vizier, "tables", 1),
    ],
)
def test_every_part_can_be_collected(at, module, part, least):
    table = visit(module.COLLECTOR, part, at(module, limit=5))
    assert least <= table.height <= 5
    assert "source_url" in table.columns


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("html", "web page"),
        ("cut", "did not answer|cut short"),
        ("empty", "VOTable"),
        ("500", "did not answer after 5 attempts"),
        ("503", "did not answer after 5 attempts"),
        ("429", "did not answer after 5 attempts"),
    ],
)
def test_faults_of_the_service_are_errors_in_words(at, sandbox, fault, words):
    one = at(gaia)
    sandbox.faults.set("gaia", fault)
    with pytest.raises(SourceError, match=words):
        gaia.cone(one, Cone(10.0, 10.0, 0.001), 10)
    sandbox.faults.clear()


def test_an_answer_without_rows_is_an_answer(at, sandbox):
    one = at(gaia)
    sandbox.faults.set("gaia", "empty-table")
    assert gaia.cone(one, Cone(10.0, 10.0, 0.001), 10).table.height == 0
    sandbox.faults.clear()


def test_an_overflow_is_told(at, sandbox, assistant_data):
    one = at(gaia)
    sandbox.faults.set("gaia", "overflow")
    assert gaia.cone(one, NGC6397, 1_999).is_cut
    sandbox.faults.clear()
