"""JPL Horizons, from recorded answers and small ones with a fault."""

import datetime as dt

import pytest

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources import horizons
from skywright.sources.collecting import Visit, Wish, visit
from tests.sources.recorded import reply

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SPAN = horizons.Span(DAY, DAY + dt.timedelta(days=10))
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture
def one(provider, fetcher):
    settings = Settings(horizons_url=f"{provider.url}/horizons.api")
    return Visit(horizons.STATE, fetcher, settings, Wish(since=dt.date(2022, 6, 10)))


def recorded(provider, assistant_data, name):
    provider.say(provider.reply(reply(assistant_data, f"jplhorizons/{name}"), 200, PLAIN))


def test_recorded_vectors_are_read(one, provider, assistant_data):
    recorded(provider, assistant_data, "ceres_vectors_range.txt")
    table = horizons.vectors(one, "DES=2000001;", SPAN)
    assert table["epoch_tdb_jd"].to_list() == [2459740.5, 2459750.5, 2459760.5, 2459770.5]
    assert table["x_au"][0] == -8.354726583796999e-01
    assert table["vz_au_d"][3] == pytest.approx(1.580176376657430e-03)
    assert table["source_url"][0].startswith(provider.url)


def test_what_is_asked_is_bounded_and_quoted(one, provider, assistant_data):
    recorded(provider, assistant_data, "ceres_vectors_range.txt")
    horizons.vectors(one, "499", SPAN)
    asked = provider.asked[0][1]
    assert asked["COMMAND"] == "'499'"
    assert asked["CENTER"] == "'@10'"
    assert asked["START_TIME"] == "'2026-01-01 00:00:00'"
    assert asked["STEP_SIZE"] == "'1440m'"
    assert asked["OUT_UNITS"] == "AU-D"


@pytest.mark.parametrize("name", ["ceres_ephemerides_single.txt", "ceres_ephemerides_range.txt"])
def test_recorded_ephemerides_are_read(one, provider, assistant_data, name):
    recorded(provider, assistant_data, name)
    table = horizons.observed(one, "1;", SPAN)
    assert {"ra_deg", "dec_deg", "magnitude", "elongation_deg"} <= set(table.columns)
    assert table["ra_deg"].is_between(0, 360).all()
    assert table["elongation_deg"].null_count() == 0


def test_a_recorded_refusal_is_passed_on(one, provider, assistant_data):
    recorded(provider, assistant_data, "tlist_error.txt")
    with pytest.raises(SourceError, match="gave no ephemeris and said: BATVAR"):
        horizons.vectors(one, "499", SPAN)


@pytest.mark.parametrize(
    "text", ["No matches found.", 'Multiple major-bodies match string "MARS*"']
)
def test_a_name_of_no_body_or_several_is_not_found(one, provider, text):
    provider.say(provider.reply(f"API VERSION: 1.2\n*****\n{text}\n", 200, PLAIN))
    with pytest.raises(NotFoundError, match=text[:15]):
        horizons.vectors(one, "mars", SPAN)


def test_a_cut_table_is_an_error(one, provider, assistant_data):
    content = reply(assistant_data, "jplhorizons/ceres_vectors_range.txt")
    provider.say(provider.reply(content.split(b"$$EOE")[0], 200, PLAIN))
    with pytest.raises(SourceError, match="cut short"):
        horizons.vectors(one, "1;", SPAN)


def test_a_table_without_rows_is_an_error(one, provider):
    provider.say(provider.reply(" JDTDB, X,\n$$SOE\n$$EOE\n", 200, PLAIN))
    with pytest.raises(SourceError, match="a table that has no rows"):
        horizons.vectors(one, "499", SPAN)


@pytest.mark.parametrize("body", ["", "499'&x='", "a\nb", "x" * 61])
def test_a_name_with_other_letters_is_refused_before_it_is_sent(one, provider, body):
    with pytest.raises(InputError, match="no name that JPL Horizons takes"):
        horizons.vectors(one, body, SPAN)
    assert provider.asked == []


@pytest.mark.parametrize(
    ("stop", "step_min", "words"),
    [
        (DAY, 60, "is no time span"),
        (DAY + dt.timedelta(days=1), 0, "is no time span"),
        (DAY + dt.timedelta(days=36_500), 60, "10000 are allowed"),
        (dt.datetime(2027, 1, 1), 60, "no time zone"),  # noqa: DTZ001 - the fault
    ],
)
def test_a_span_that_is_none_or_too_long_is_refused(stop, step_min, words):
    with pytest.raises(InputError, match=words):
        horizons.Span(DAY, stop, step_min)


def test_the_planets_are_collected_from_a_day_on(one, provider, assistant_data):
    recorded(provider, assistant_data, "ceres_vectors_range.txt")
    table = visit(horizons.COLLECTOR, "planets", one)
    assert table["name"].n_unique() == len(provider.asked) == 8
    assert provider.asked[0][1]["START_TIME"] == "'2022-06-10 00:00:00'"
