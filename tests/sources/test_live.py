"""The real services: each answers one small request. Run with ``pytest -m network``."""

import os

import pytest

from skywright.errors import InputError
from skywright.settings import Settings
from skywright.sources.collecting import Visit, Wish, collector_named, fetcher_for, visit

pytestmark = pytest.mark.network

_TOKENS = ("SKYWRIGHT_ADS_TOKEN", "SKYWRIGHT_NASA_API_KEY")
_GIVEN = {name: os.environ[name] for name in _TOKENS if name in os.environ}
SMALL = {
    "ads": "papers",
    "apod": "pictures",
    "arxiv": "papers",
    "celestrak": "stations",
    "esa": "space-news",
    "exoplanets": "planets",
    "faa": "licenses",
    "gaia": "bright-stars",
    "gcat": "sites",
    "launch-library": "upcoming",
    "neows": "approaches",
    "openngc": "objects",
    "patents": "patents",
    "simbad": "messier",
    "spacenews": "articles",
    "spacex": "company",
    "vizier": "tables",
}
"""A part of each source that is a small answer."""


@pytest.mark.parametrize(("source", "part"), SMALL.items())
def test_the_source_answers_a_small_request(source, part, monkeypatch, tmp_path):
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
