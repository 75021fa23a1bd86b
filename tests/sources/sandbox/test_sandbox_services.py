"""The stand-ins that are no TAP services, asked by our own sources and by hand."""

import datetime as dt
import json
import math

import httpx
import pytest

from skywright.errors import NotFoundError, SourceError
from skywright.orbits.ephemeris import body_state
from skywright.orbits.frames import equatorial_from_ecliptic
from skywright.sources import apod, horizons, launch_library, neows, sbdb, spacex
from skywright.sources.ads import export_bibtex, search
from skywright.sources.arxiv import search as search_arxiv
from skywright.sources.collecting import Visit, Wish, collector_named, visit
from skywright.sources.papers import PaperQuery
from skywright.sources.sandbox.running import Options, running_sandbox

KEY = {"X-Api-Key": "DEMO_KEY"}


@pytest.fixture
def collected(sandbox, fetcher):
    """Collect a part of a source from the sandbox."""

    def of(collector, part, **wish):
        one = Visit(collector.state, fetcher, sandbox.settings(), Wish(**wish))
        return visit(collector, part, one)

    return of


@pytest.fixture
def get(sandbox):
    return lambda path, headers=None, **asked: httpx.get(
        sandbox.url + path, params=asked, headers=headers, timeout=30, follow_redirects=True
    )


def test_ads_finds_papers_and_their_bibtex(sandbox):
    found = search(PaperQuery("JWST exoplanet atmosphere", most=5), sandbox.settings())
    assert "2023Natur.614..649J" in found.table["bibcode"].to_list()
    entry = export_bibtex(["2023Natur.614..649J"], sandbox.settings())
    assert entry.startswith("@ARTICLE{2023Natur.614..649J")


def test_ads_says_the_recorded_answer_to_the_same_request(get, assistant_data):
    asked = {"q": "'transiting exoplanets' +JWST", "fl": "title", "sort": "bibcode desc"}
    answer = get("/ads/v1/search/query", {"Authorization": "Bearer x"}, **asked, start=0, rows=5)
    assert answer.json()["response"]["numFound"] == 972


def test_what_recorded_searches_found_is_found_by_other_words(get, assistant_data):
    asked = {"q": "JWST exoplanet atmospheres", "fl": "title,bibcode", "rows": 50}
    docs = get("/ads/v1/search/query", {"Authorization": "Bearer x"}, **asked).json()["response"]
    titles = [doc["title"][0] for doc in docs["docs"]]
    assert "Characterizing Transiting Exoplanet Atmospheres with JWST" in titles


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('author:"Mayor, M"', ["1995Natur.378..355M"]),
        ("year:[1990 TO 1996] planet", []),
        ("year:1990-1996 -title:moon", ["1995Natur.378..355M"]),
        ("(simbad OR vizier) year:2000", ["2000A&AS..143....9W", "2000A&AS..143...23O"]),
        ("title:(mission AND gaia)", ["2016A&A...595A...1G"]),
        ("identifier:arXiv:1609.04153", ["2016A&A...595A...1G"]),
    ],
)
def test_ads_reads_fields_ranges_and_brackets(get, query, expected):
    answer = get("/ads/v1/search/query", {"Authorization": "Bearer x"}, q=query, rows=50)
    found = {doc["bibcode"] for doc in answer.json()["response"]["docs"]}
    if expected == []:
        assert "2023Natur.614..649J" not in found
    assert set(expected) <= found


@pytest.mark.parametrize(
    ("query", "words"), [("(open", "not closed"), ("nofield:x", "undefined field nofield")]
)
def test_ads_refuses_what_it_cannot_read(get, query, words):
    answer = get("/ads/v1/search/query", {"Authorization": "Bearer x"}, q=query)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["msg"]


def test_ads_wants_a_token(get):
    assert get("/ads/v1/search/query", q="star").status_code == 401


def test_arxiv_answers_in_pages(sandbox):
    found = search_arxiv(PaperQuery("exoplanet JWST", most=2, order="newest"), sandbox.settings())
    assert found.table.height == 2
    assert found.total > 2
    assert all(found.table["abstract"])


def test_arxiv_refuses_by_a_feed(get):
    answer = get("/arxiv/api/query", search_query="all:star", start="x")
    assert answer.status_code == 400
    assert "start must be a non-negative integer" in answer.text


def test_both_services_of_pictures_give_the_same(collected, monkeypatch):
    def pictures(today):
        monkeypatch.setattr(apod, "_today", lambda: today)
        table = collected(apod.COLLECTOR, "pictures", since=dt.date(2019, 4, 1))
        return table.filter(table["date"] == "2019-04-10").select("title", "explanation")

    old, new = pictures(dt.date(2022, 11, 1)), pictures(apod.MOVED)
    assert old.height == 1
    assert old.equals(new)


@pytest.mark.parametrize(
    ("asked", "key", "status"),
    [
        ({}, {}, 403),
        ({}, {"X-Api-Key": "short"}, 403),
        ({"date": "1995-06-15"}, KEY, 400),
        ({"date": "yesterday"}, KEY, 400),
        ({"start_date": "2020-02-02", "end_date": "2020-01-01"}, KEY, 400),
        ({"date": "1995-06-17"}, KEY, 404),
        ({"count": "2"}, KEY, 200),
    ],
)
def test_the_picture_service_refuses_as_nasa_does(get, asked, key, status):
    assert get("/nasa/planetary/apod", key, **asked).status_code == status


def test_passes_of_a_week(collected, get):
    answer = get("/nasa/neo/rest/v1/feed", KEY, start_date="2029-04-10", end_date="2029-04-16")
    table = neows.read_feed(answer.content)
    assert "99942 Apophis (2004 MN4)" in table["name"].to_list()
    assert (
        get("/nasa/neo/rest/v1/feed", KEY, start_date="2029-04-01", end_date="2029-04-16")
        .json()["error_message"]
        .endswith("7 Days")
    )


def test_launches_come_page_after_page(collected, monkeypatch):
    monkeypatch.setattr(launch_library, "_PAGE", 3)
    table = collected(launch_library.COLLECTOR, "previous", limit=7)
    assert table.height == 7
    assert table["net_utc"].is_sorted(descending=True)


def test_launches_are_filtered_and_searched(get):
    def found(**asked):
        answer = get("/launch-library/launches/", **asked)
        return {one["name"] for one in answer.json()["results"]}

    assert found(search="webb") == {"Ariane 5 ECA+ | James Webb Space Telescope"}
    assert found(lsp__name="Starsem") == {"Soyuz-FG/Fregat | Mars Express"}
    assert found(net__gte="2022-01-01", net__lt="2023-01-01") == {"SLS Block 1 | Artemis I"}


@pytest.mark.parametrize("part", list(spacex.COLLECTOR.parts))
def test_every_collection_of_spacex_is_read(collected, part):
    assert collected(spacex.COLLECTOR, part).width > 2


def test_spacex_is_asked_by_conditions_and_pages(sandbox):
    body = {
        "query": {"success": True, "date_utc": {"$gte": "2008-01-01", "$lt": "2010-01-01"}},
        "options": {"sort": {"date_utc": "asc"}, "limit": 1, "select": ["name", "rocket"]},
    }
    body["options"]["populate"] = [{"path": "rocket"}]
    answer = httpx.post(f"{sandbox.url}/spacex/v4/launches/query", json=body).json()
    (first,) = answer["docs"]
    assert (first["name"], first["rocket"]["name"]) == ("RatSat", "Falcon 1")
    assert (answer["totalDocs"], answer["hasNextPage"], answer["nextPage"]) == (2, True, 2)


def test_the_whole_of_spacex_is_told_where_it_is_given(collected, space_industry_data):
    assert collected(spacex.COLLECTOR, "launches").height == 205


@pytest.mark.parametrize(
    ("source", "part", "rows"),
    [
        ("cadc", "cfht", 2),
        ("exoplanets", "planets", 3),
        ("mast", "jwst-observations", 3),
        ("neossat", "observations", 2),
        ("openngc", "objects", 3),
        ("sdss", "quasars", 3),
        ("simbad", "messier", 3),
        ("vizier", "tables", 3),
    ],
)
def test_collectors_of_archives_are_answered(collected, sandbox, source, part, rows):
    assert collected(collector_named(source, sandbox.settings()), part, limit=3).height == rows


def test_skyserver_answers_sql_with_its_function(get):
    command = (
        "SELECT p.objID, p.ra FROM PhotoObj AS p "
        "JOIN dbo.fGetNearbyObjEq({}) AS n ON n.objID = p.objID ORDER BY n.distance"
    )
    near = get("/sdss/SearchTools/SqlSearch", cmd=command.format("250.3,36.46,1"), format="json")
    assert near.json()[0]["TableName"] == "Table1"
    far = get("/sdss/SearchTools/SqlSearch", cmd=command.format("250.3,36.46,4"), format="json")
    assert (far.status_code, "more than 3" in far.text) == (400, True)


def test_the_portal_of_mast_knows_names_and_positions(get):
    def ask(service, **params):
        request = json.dumps({"service": service, "params": params})
        return get("/mast/api/v0/invoke", request=request).json()

    (place,) = ask("Mast.Name.Lookup", input="M31")["resolvedCoordinate"]
    assert place["canonicalName"] == "M  31"
    (seen,) = ask("Mast.Caom.Cone", ra=1.05, dec=-47.36, radius=0.1)["data"]
    assert seen["target_name"] == "WASP-96"
    assert ask("Mast.Nothing")["status"] == "ERROR"


def test_files_of_catalogues_are_given_whole(get):
    assert get("/openngc/NGC.csv").text.startswith("Name;Type;RA;Dec")
    assert get("/openngc/other.csv").status_code == 404


def test_a_source_without_a_key_is_told_so(collected, sandbox, fetcher, monkeypatch):
    monkeypatch.setattr(apod, "_today", lambda: dt.date(2022, 11, 1))
    fetcher._client.headers.pop("X-Api-Key", None)
    one = Visit(neows.COLLECTOR.state, fetcher, sandbox.settings(), Wish())
    with pytest.raises(SourceError, match="API_KEY_MISSING|403"):
        visit(neows.COLLECTOR, "approaches", one)


def test_horizons_tells_where_planets_are(sandbox, fetcher):
    span = horizons.Span(
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 3, tzinfo=dt.UTC)
    )
    one = Visit(horizons.STATE, fetcher, sandbox.settings(), Wish())
    mars = horizons.vectors(one, "499", span)
    assert mars["epoch_tdb_jd"].to_list() == [2461041.5, 2461042.5, 2461043.5]
    ours = body_state("mars", mars["epoch_tdb_jd"].to_numpy())
    names = ["x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d"]
    assert mars.select(names).to_numpy() == pytest.approx(ours, abs=1e-14)
    with pytest.raises(NotFoundError, match="No matches found"):
        horizons.vectors(one, "DES=99942;", span)


@pytest.fixture
def seen(sandbox, fetcher):
    """Look at a planet from the Earth's centre."""

    def of(body, start, days, step_min, place="500"):
        first = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
        span = horizons.Span(first, first + dt.timedelta(days=days), step_min)
        one = Visit(horizons.STATE, fetcher, sandbox.settings(), Wish())
        return horizons.observed(one, body, span, place)

    return of


# Astronomical Almanac 2026, "Planetary phenomena": Jupiter at opposition on January 10.
def test_jupiter_is_seen_at_its_opposition(seen):
    table = seen("599", "2026-01-08", 4, 60)
    row = table.row(table["elongation_deg"].arg_max(), named=True)
    assert 2461050.0 < row["epoch_utc_jd"] < 2461051.5
    assert row["elongation_deg"] > 179
    assert row["magnitude"] is None


def test_the_rate_of_a_distance_is_that_of_the_distances(seen):
    table = seen("499", "2026-03-01", 0.01, 1)
    far_km = table["distance_au"].to_numpy() * 149_597_870.7
    rate_km_s = table["range_rate_km_s"].to_numpy()
    assert (far_km[2:] - far_km[:-2]) / 120.0 == pytest.approx(rate_km_s[1:-1], abs=1e-5)


def test_a_planet_is_seen_where_its_light_left_it(seen, sandbox, fetcher):
    row = seen("499", "2026-03-01", 1, 1_440).row(0, named=True)
    emitted = row["epoch_utc_jd"] + (32.184 + 37.0) / 86_400.0 - row["distance_au"] / 173.144632674
    there = body_state("mars", emitted, "barycenter")[0, :3]
    earth = body_state("earth", row["epoch_utc_jd"] + 69.184 / 86_400.0, "barycenter")[0, :3]
    x, y, z = equatorial_from_ecliptic(there - earth)
    assert row["ra_deg"] == pytest.approx(math.degrees(math.atan2(y, x)) % 360.0, abs=1e-6)
    assert row["dec_deg"] == pytest.approx(math.degrees(math.atan2(z, math.hypot(x, y))), abs=1e-6)


@pytest.mark.parametrize(("body", "place"), [("499", "675"), ("399", "500")])
def test_what_is_not_seen_from_the_earth_s_centre_is_refused(seen, body, place):
    with pytest.raises(SourceError, match="looks from the Earth's centre only"):
        seen(body, "2026-01-01", 1, 1_440, place)


SPECTRA = """specObjID,ra,dec,z,zErr,zWarning,class,subClass,plate,mjd,fiberID,survey
299489677444933632,146.71421,-1.0413043,0.021222,1.6e-05,0,GALAXY,,266,51602,1,sdss
13000000000000000001,187.2779,2.0524,0.158,1e-4,0,QSO,BROADLINE,11546,58488,2,eboss
"""


def test_spectra_come_from_a_user_s_file_with_all_digits(tmp_path):
    (tmp_path / "spectra.csv").write_text(SPECTRA, encoding="utf-8")
    options = Options(cache=tmp_path / "cache")
    with running_sandbox(tmp_path, options=options) as running:
        asked = {"cmd": "SELECT specObjID, z, class FROM SpecObj ORDER BY ra", "format": "json"}
        url = f"{running.url}/sdss/SearchTools/SqlSearch"
        rows = httpx.get(url, params=asked, timeout=30).json()[0]["Rows"]
    assert rows[0] == {"specObjID": 299489677444933632, "z": 0.021222, "class": "GALAXY"}
    assert rows[1]["specObjID"] is None  # more than SQLite holds


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A sandbox without files."""
    with running_sandbox(options=Options(cache=tmp_path_factory.mktemp("cache"))) as running:
        yield running


def test_no_setting_of_the_sandbox_leads_out(own):
    addresses = own.settings().model_dump()
    away = {name: one for name, one in addresses.items() if str(one).startswith("https://")}
    assert away == {}


def test_a_service_without_a_stand_in_says_so(own, fetcher):
    with pytest.raises(SourceError, match="HTTP 501 and said: The sandbox has no stand-in"):
        sbdb.fetch_object(fetcher, own.settings(), "99942")


def test_without_files_something_happens_these_days(own):
    today = dt.datetime.now(dt.UTC).date()
    picture = httpx.get(f"{own.url}/nasa/planetary/apod", headers=KEY).json()
    passes = httpx.get(f"{own.url}/nasa/neo/rest/v1/feed", headers=KEY).json()
    coming = httpx.get(f"{own.url}/launch-library/launches/upcoming/").json()
    assert abs(dt.date.fromisoformat(picture["date"]) - today).days <= 1  # midnight may pass
    assert passes["element_count"] >= 1
    assert all("Sandbox" in one["name"] for one in coming["results"])
    assert coming["count"] == 3


def test_where_there_are_files_no_day_is_made_up(tmp_path):
    (tmp_path / "apod").mkdir()
    (tmp_path / "apod" / "one.json").write_text(
        json.dumps({"date": "2024-05-06", "title": "Mine", "explanation": "It is mine."})
    )
    with running_sandbox(tmp_path, options=Options(cache=tmp_path / "cache")) as running:
        newest = httpx.get(f"{running.url}/nasa/planetary/apod", headers=KEY).json()
    assert newest["title"] == "Mine"


def test_another_name_of_this_machine_is_refused(sandbox):
    answer = httpx.get(f"{sandbox.url}/_faults", headers={"Host": "evil.example"})
    assert answer.status_code == 400
