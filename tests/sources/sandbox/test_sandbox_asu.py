"""VizieR's own service: circles, conditions, columns and order, asked by astroquery and by hand."""

import httpx
import pytest

PATH = "/vizier/viz-bin/votable"
SOURCE = "I/355/gaiadr3"
CENTRE = "265.1754-53.6743"


@pytest.fixture
def ask(sandbox):
    def at(**asked):
        params = {name.replace("_", "-", 1).replace("_", "."): v for name, v in asked.items()}
        return httpx.get(sandbox.url + PATH, params=params, timeout=30)

    return at


@pytest.fixture
def vizier(sandbox, monkeypatch):
    """astroquery's VizieR, whose address always begins with https, with that of the sandbox."""
    from astroquery.vizier import core

    monkeypatch.setattr(core.VizierClass, "_server_to_url", lambda *_, **__: sandbox.url + PATH)
    return core.VizierClass


def test_astroquery_finds_what_is_around_a_position(vizier, assistant_data):
    from astropy.coordinates import SkyCoord
    from astropy.units import arcmin

    client = vizier(row_limit=-1, columns=["RA_ICRS", "DE_ICRS", "Gmag", "BP-RP"])
    centre = SkyCoord(265.1754, -53.6743, unit="deg")
    (table,) = client.query_region(centre, radius=5 * arcmin, catalog=SOURCE)
    assert len(table) == 3_065
    assert table.colnames == ["RA_ICRS", "DE_ICRS", "Gmag", "BP-RP"]
    assert table["Gmag"].unit == "mag"


def test_astroquery_sorts_and_filters_a_catalogue_of_one_table(vizier, assistant_data):
    client = vizier(row_limit=5, columns=["Gmag", "+_r"], column_filters={"Gmag": "<15"})
    from astropy.coordinates import SkyCoord
    from astropy.units import arcmin

    centre = SkyCoord(265.1754, -53.6743, unit="deg")
    (table,) = client.query_region(centre, radius=5 * arcmin, catalog="I/355")
    assert (len(table), table.colnames) == (5, ["Gmag", "_r"])
    assert max(table["Gmag"]) < 15
    assert list(table["_r"]) == sorted(table["_r"])


def test_a_ring_and_a_name_are_known(ask, assistant_data):
    ring = ask(_source=SOURCE, _c=CENTRE, _c_rm="4,5", _out="Gmag", _out_max="unlimited")
    assert 0 < ring.text.count("<TR>") < 3_065
    named = ask(_source=SOURCE, _c="NGC 6397", _c_rm="5", _out="Gmag", _out_max="unlimited")
    assert named.text.count("<TR>") > 2_000


def test_fifty_rows_come_where_no_number_is_asked_for(ask, assistant_data):
    assert ask(_source=SOURCE).text.count("<TR>") == 50


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"_source": "II/246/out"}, "there is I/355/gaiadr3"),
        ({"_source": SOURCE, "_c": "nowhere at all"}, "no name that is known"),
        ({"_source": SOURCE, "_c": CENTRE, "_c_rd": "wide"}, "neither a radius nor two"),
        ({"_source": SOURCE, "_c": CENTRE, "_c_bm": "5"}, "-c.bm is not known here"),
        ({"_source": SOURCE, "Gmag": "bright"}, "is no condition"),
        ({"_source": SOURCE, "_out": "Jmag"}, "is no column"),
        ({"_source": SOURCE, "_sort": "-Jmag"}, "is no column"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(ask, asked, words):
    answer = ask(**asked)
    assert answer.status_code == 400
    assert words in answer.text
