"""GCAT, spoken by a server on the loopback device; rows of our own are invented."""

import datetime as dt
import gzip

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.collecting import Visit, Wish, visit
from skywright.sources.gcat import COLLECTOR, STATE, iso_date

SITES = (
    "#Site\tCode\tUCode\tType\tStateCode\tTStart\tTStop\tShortName\tName\tLocation\tLongitude"
    "\tLatitude\tError\tParent\tShortEName\tEName\tGroup\tUName\n# Updated 2026 Jan  1\n"
    'HERE\t-\tHERE\tLS\tXX\t1968\t1972?\tHere\tThe "Here" site\tIsland\t   -115.8000 \t   37.2300 '
    "\t0.1000 \t-\t-\t-\t-\tHere\n"
)
SATCAT = """
JCAT Satcat Launch_Tag Piece Type Name PLName LDate Parent SDate Primary DDate Status Dest Owner
State Manufacturer Bus Motor Mass MassFlag DryMass DryFlag TotMass TotFlag Length LFlag Diameter
DFlag Span SpanFlag Shape ODate Perigee PF Apogee AF Inc IF OpOrbit OQU AltNames
"""


@pytest.fixture
def one(provider, fetcher):
    return Visit(STATE, fetcher, Settings(gcat_url=provider.url))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("1957 Oct  4 1928:34", "1957-10-04T19:28:34"),
        ("1970 Jan 12 0405", "1970-01-12T04:05"),
        ("1970 Jan 12 0405:06.7?", "1970-01-12T04:05:06.7"),
        ("2024 Dec  8", "2024-12-08"),
        ("1968 Feb", "1968-02"),
        ("1980?", "1980"),
        ("1980s", None),
        ("*", None),
        (None, None),
    ],
)
def test_a_vague_date_stays_as_exact_as_it_was(theirs, ours):
    assert iso_date(theirs) == ours


def test_a_site_has_numbers_dates_and_marks_of_doubt(provider, one):
    provider.say(provider.reply(SITES, headers={"Content-Type": "text/tab-separated-values"}))
    row = visit(COLLECTOR, "sites", one).row(0, named=True)
    assert (row["longitude_deg"], row["latitude_deg"]) == (-115.8, 37.23)
    assert (row["start_date_utc"], row["start_date_uncertain"]) == ("1968", False)
    assert (row["stop_date_utc"], row["stop_date_uncertain"]) == ("1972", True)
    assert (row["name"], row["parent_code"]) == ('The "Here" site', None)
    assert provider.asked[0][0] == "/tsv/tables/sites.tsv"


def test_a_file_without_rows_is_empty(provider, one):
    provider.say(SITES.split("HERE")[0])
    assert visit(COLLECTOR, "sites", one).height == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (SITES[:-20], "row 1 is not whole"),
        (SITES.replace("Longitude", "Long"), "no column Longitude"),
        ("", "no column Site"),
        ("<!DOCTYPE html><html>moved</html>", "web page"),
        (b"\x89PNG\r\n", "no column Site"),
    ],
)
def test_a_file_of_another_shape_is_a_sentence(provider, one, body, said):
    provider.say(body)
    with pytest.raises(SourceError, match=said):
        visit(COLLECTOR, "sites", one)


def test_a_connection_that_breaks_is_tried_again(provider, one, waits):
    provider.say(provider.reply(SITES, cut=100), provider.reply(b"", 500), SITES)
    assert visit(COLLECTOR, "sites", one).height == 1
    assert waits == [1.0, 2.0]


def test_the_recorded_launch_log_is_read_whole(provider, one, space_industry_data):
    log = gzip.decompress((space_industry_data / "gcat" / "launchlog.tsv.gz").read_bytes())
    provider.say(log)
    table = visit(COLLECTOR, "launches", one)
    assert table.height == 23_433
    assert table["launch_date_utc"].null_count() == 0
    assert table["launch_date_utc"][0] == "1957-10-04T19:28:34"
    assert table["launch_date_uncertain"].sum() == 125
    later = Visit(STATE, one.fetcher, one.settings, Wish(dt.date(2024, 12, 8), 3))
    assert visit(COLLECTOR, "launches", later)["launch_date_utc"].min() == "2024-12-08T05:12:30"


def test_the_recorded_sites_are_read_whole(provider, one, space_industry_data):
    provider.say(gzip.decompress((space_industry_data / "gcat" / "sites.tsv.gz").read_bytes()))
    table = visit(COLLECTOR, "sites", one)
    assert table.height == 697
    assert table["latitude_deg"].drop_nulls().is_between(-90.0, 90.0).all()


def test_the_catalogue_of_satellites_is_read(provider, one):
    names = SATCAT.split()
    row = dict.fromkeys(names, "-") | {
        "JCAT": "S00002", "Satcat": "00002", "Name": "Invented", "LDate": "1957 Oct  4",
        "Mass": "  84", "Perigee": "214", "Apogee": "938", "Inc": " 65.10", "OpOrbit": "LEO/I",
    }  # fmt: skip
    provider.say("#" + "\t".join(names) + "\n" + "\t".join(row.values()) + "\n")
    read = visit(COLLECTOR, "satellites", one).row(0, named=True)
    assert (read["norad_id"], read["mass_kg"], read["inclination_deg"]) == (2, 84.0, 65.1)
    assert (read["launch_date_utc"], read["end_date_utc"]) == ("1957-10-04", None)
