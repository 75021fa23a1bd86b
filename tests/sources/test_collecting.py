"""What sources declare, and which of them can be collected."""

import datetime as dt
import sys
from dataclasses import replace

import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources.collecting import (
    Collector,
    Part,
    Visit,
    Wish,
    collector_named,
    visit,
)
from skywright.sources.http import Fetcher
from skywright.sources.registry import source_states
from skywright.sources.spacex import STATE
from skywright.store.blobs import BlobStore

_THEIRS = """
from dataclasses import replace
from skywright.sources.spacex import COLLECTOR, STATE
MINE = replace(STATE, name="theirs", title="Their service", **{changes})
"""


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    def install(changes, collector="theirs:MINE"):
        meta = tmp_path / "theirs-1.0.dist-info"
        meta.mkdir()
        (tmp_path / "theirs.py").write_text(_THEIRS.format(changes=changes), encoding="utf-8")
        (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        (meta / "entry_points.txt").write_text(
            f"[skywright.sources]\ntheirs = theirs:MINE\n"
            f"[skywright.collectors]\ntheirs = {collector}\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "theirs", raising=False)

    return install


def test_a_state_that_contradicts_itself_is_refused():
    with pytest.raises(InputError, match="status = 'moving'; choose from"):
        replace(STATE, status="moving")
    with pytest.raises(InputError, match="is live; since = '2022-12-05' does not fit"):
        replace(STATE, status="live")


def test_what_is_not_live_says_since_when_and_what_replaces_it():
    for state in source_states().values():
        assert (state.status == "live") or (state.since and state.replaced_by)
    assert STATE.told() == "frozen since 2022-12-05, replaced by launch-library"


def test_every_token_is_a_setting_and_says_where_to_get_it():
    for state in source_states().values():
        if state.access_setting:
            assert state.token(Settings()) == ""
            assert state.access_from.startswith("https://")


def test_a_source_without_a_collector_names_those_with_one():
    with pytest.raises(NotFoundError, match="no collector; those with one are .*spacex"):
        collector_named("sbdb", Settings())


def test_a_missing_token_names_the_variable_and_where_to_get_one(theirs):
    theirs({"access_setting": "github_token", "access_needed": True, "access_from": "https://x.y"})
    with pytest.raises(InputError, match="SKYWRIGHT_GITHUB_TOKEN is not set.*https://x.y"):
        collector_named("theirs", Settings())


def test_a_retired_source_says_what_stands_in_its_place(theirs):
    theirs({"status": "retired", "replaced_by": "another"})
    with pytest.raises(SourceError, match="retired since 2022-12-05 .*In its place: another"):
        collector_named("theirs", Settings())


def test_an_entry_point_that_is_no_collector_is_told(theirs):
    theirs({})
    with pytest.raises(InputError, match="theirs of skywright.collectors names theirs:MINE"):
        collector_named("theirs", Settings())


def test_a_collector_of_somebody_else_is_found(theirs):
    theirs({}, collector="theirs:COLLECTOR")
    assert "launches" in collector_named("theirs", Settings()).parts


def test_a_wish_for_no_rows_is_refused():
    with pytest.raises(InputError, match="limit = 0"):
        Wish(limit=0)


def test_since_leaves_out_the_undated_and_limit_cuts(fetcher, settings):
    table = pl.DataFrame({"day": ["2020-01-01", None, "2021-05-06T07:08:09Z", "2022-01-01"]})
    one = Visit(STATE, fetcher, settings, Wish(dt.date(2021, 1, 1), 1))
    assert one.wanted(table, "day")["day"].to_list() == ["2021-05-06T07:08:09Z"]
    assert one.wanted(table, "").height == 1


def test_what_is_fresh_is_not_asked_for_again(provider, tmp_path):
    provider.say(b"[1]")
    for _ in range(2):
        with Fetcher(tmp_path / "raw", BlobStore(tmp_path / "blobs")) as fetcher:
            assert fetcher.get(STATE, provider.url).content == b"[1]"
            fetcher.get(replace(STATE, fresh_s=0.0), f"{provider.url}/stale")
    assert [path for path, *_ in provider.asked] == ["/", "/stale", "/stale"]


def test_a_table_that_lost_a_column_is_a_sentence(fetcher):
    part = Part(lambda _: pl.DataFrame({"ra": [1.0]}).select("dec"))
    collector = Collector(STATE, {"launches": part})
    with pytest.raises(SourceError, match='unknown shape: unable to find column "dec"'):
        visit(collector, "launches", Visit(STATE, fetcher, Settings()))
