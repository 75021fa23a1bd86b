"""The real services: each answers its smallest request. Run with ``pytest -m network``."""

import os
from importlib.metadata import entry_points

import pytest

from skywright.errors import InputError
from skywright.settings import Settings
from skywright.sources.checking import GOOD, check
from skywright.sources.collecting import (
    GROUP,
    Visit,
    Wish,
    collector_named,
    fetcher_for,
    visit,
)
from skywright.sources.registry import source_named, source_states

_TOKENS = ("SKYWRIGHT_ADS_TOKEN", "SKYWRIGHT_NASA_API_KEY")
_GIVEN = {name: os.environ[name] for name in _TOKENS if name in os.environ}
SMALL = {
    "ads": "papers",
    "apod": "pictures",
    "arxiv": "papers",
    "brycetech": "reports",
    "cadc": "dao",
    "celestrak": "stations",
    "esa": "space-news",
    "exoplanets": "planets",
    "faa": "licenses",
    "gaia": "bright-stars",
    "gcat": "sites",
    "horizons": "planets",
    "launch-library": "upcoming",
    "mast": "jwst-observations",
    "neossat": "observations",
    "neows": "approaches",
    "openngc": "objects",
    "patents": "patents",
    "sdss": "quasars",
    "sia": "reports",
    "simbad": "messier",
    "spacenews": "articles",
    "spacex": "company",
    "techport": "projects",
    "vizier": "tables",
}
"""A part of each source that is collected by name, which is a small answer."""
ELSEWHERE = ("cad", "github", "huggingface", "mpc", "neocc", "sbdb", "sbdb-object", "sentry")
"""Sources that other commands ask."""
RETIRED = ("earth-imagery", "mars-photos")


def test_no_source_is_without_a_live_test():
    states = source_states()
    assert sorted([*SMALL, *ELSEWHERE, *RETIRED]) == sorted(states)
    assert {name for name, one in states.items() if one.status == "retired"} == set(RETIRED)
    assert {one.name for one in entry_points(group=GROUP)} == set(SMALL)


@pytest.mark.parametrize(("source", "part"), SMALL.items())
def test_the_part_of_the_live_test_is_one_of_the_source(source, part):
    collector = entry_points(group=GROUP)[source].load()
    assert part in collector.parts


@pytest.mark.network
@pytest.mark.parametrize("source", sorted([*SMALL, *ELSEWHERE]))
def test_the_source_answers_its_smallest_request(source, monkeypatch):
    for name, value in _GIVEN.items():
        monkeypatch.setenv(name, value)
    (found,) = check([source_named(source)], Settings(http_timeout_s=60))
    assert found.outcome in GOOD, found.remark


@pytest.mark.network
@pytest.mark.parametrize(("source", "part"), SMALL.items())
def test_a_small_part_of_the_source_can_be_collected(source, part, monkeypatch, tmp_path):
    for name, value in _GIVEN.items():
        monkeypatch.setenv(name, value)
    settings = Settings(data_dir=tmp_path, http_timeout_s=60)
    try:
        collector = collector_named(source, settings)
    except InputError as error:
        pytest.skip(str(error))
    with fetcher_for(collector, settings) as fetcher:
        table = visit(collector, part, Visit(collector.state, fetcher, settings, Wish(limit=3)))
    assert 1 <= table.height <= 3
    assert table["source_url"].null_count() == 0
