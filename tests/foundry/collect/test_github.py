"""GitHub's search has a cap and a pace; every repository is found once, also after a crash."""

import json
from datetime import date

import pytest

from skywright.errors import InputError, SourceError
from skywright.foundry.collect.github import GitHubCollector, GitHubWish
from skywright.foundry.collect.github_api import Clocks, GitHub, Pace
from skywright.foundry.data.datasets import Datasets
from skywright.orbits.threads import CancelledError
from skywright.settings import Settings
from skywright.store.database import Database
from tests.foundry.collect.github_server import FIRST, GitHubServer

TODAY = date(2026, 11, 20)
WISH = GitHubWish(topics=("ai",), languages=("Python",), pushed_since=FIRST)


class Clock:
    """A time that passes only when somebody waits."""

    def __init__(self):
        self.now_s, self.pauses = 1_000_000.0, []

    def wait(self, seconds):
        self.pauses.append(seconds)
        self.now_s += seconds

    @property
    def clocks(self):
        return Clocks(now=lambda: self.now_s, wait=self.wait)


@pytest.fixture
def server():
    found = GitHubServer()
    yield found
    found.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def collect(server, clock, tmp_path):
    settings = Settings(github_url=server.url, data_dir=tmp_path / "sky", github_token="secret")
    database = Database.of(settings)
    datasets = Datasets.of(settings, database)

    def run(wish=WISH, **more):
        with GitHub(settings, clock.clocks) as github:
            record, told = GitHubCollector(settings, datasets, github, TODAY).collect(
                "repositories", wish, **more
            )
        return datasets.read(record), told, record

    run.datasets = datasets
    yield run
    database.close()


def test_more_than_the_cap_is_found_each_once(collect, server):
    frame, told, record = collect()
    assert sorted(frame["id"]) == list(range(2600))
    assert record.num_samples == 2600
    assert told == {"repositories": 2600, "indivisible": [], "incomplete": [], "short": []}
    assert any("created:" in line or "pushed" in line for line in server.searches())


def test_a_slice_that_cannot_be_divided_is_told(collect, server):
    for one in server.repositories[:]:
        if one["stargazers_count"] == 1500:
            one |= {"pushed_at": "2026-06-01T00:00:00Z", "created_at": "2020-01-01T00:00:00Z"}
    _, told, _ = collect()
    assert len(told["indivisible"]) == 1
    assert "stars:1500..1500" in told["indivisible"][0]
    assert told["repositories"] == 2600 - 400


@pytest.mark.parametrize("per_minute", [30, 10])
def test_the_pace_is_kept_in_any_minute(clock, per_minute):
    pace, times = Pace(per_minute, clock.clocks), []
    for _ in range(100):
        pace.take()
        times.append(clock.now_s)
        clock.now_s += 0.3
    for first, later in zip(times, times[per_minute:], strict=False):
        assert later - first >= 60.0


def test_a_broken_collection_goes_on_and_asks_for_no_page_twice(collect, server):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 25

    with pytest.raises(CancelledError):
        collect(cancelled=stop)
    before = server.searches()
    frame, _, _ = collect()
    after = server.searches()[len(before) :]
    assert sorted(frame["id"]) == list(range(2600))
    assert not set(before) & {line.removesuffix(" (304)") for line in after}


def test_a_crash_between_record_and_cursor_costs_one_page_and_no_repository(
    collect, server, monkeypatch
):
    from skywright.foundry.collect.cursors import Cursor

    saves, save = [], Cursor.save

    def crash(self, state):
        saves.append(1)
        if len(saves) == 20:
            raise RuntimeError
        save(self, state)

    monkeypatch.setattr(Cursor, "save", crash)
    with pytest.raises(RuntimeError):
        collect()
    monkeypatch.setattr(Cursor, "save", save)
    frame, _, _ = collect()
    assert sorted(frame["id"]) == list(range(2600))
    assert frame["id"].n_unique() == frame.height


@pytest.mark.parametrize(
    ("fault", "least_s", "most_s"),
    [
        ((403, {"Retry-After": "47"}, b"{}"), 47, 47),
        ((429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000120"}, b"{}"), 60, 121),
        ((403, {}, b'{"message": "You have exceeded a secondary rate limit"}'), 60, 60),
        ((502, {}, b"bad gateway"), 0.5, 5),
        ("cut", 0.5, 5),
    ],
    ids=["retry-after", "reset", "secondary", "502", "cut"],
)
def test_what_passes_is_waited_for(collect, server, clock, fault, least_s, most_s):
    server.faults = [fault]
    frame, _, _ = collect(GitHubWish(("ai",), ("Python",), 4500, FIRST))
    assert frame.height > 0
    assert least_s <= clock.pauses[0] <= most_s


def test_what_does_not_pass_is_a_sentence_and_leaves_no_dataset(collect, server):
    server.faults = [(401, {}, b'{"message": "Bad credentials"}')]
    with pytest.raises(SourceError, match="GitHub"):
        collect()
    assert collect.datasets.list() == []


def test_an_incomplete_answer_is_asked_for_again_and_told_if_it_stays(collect, server):
    few = GitHubWish(("ai",), ("Python",), 4500, FIRST)
    server.incomplete = 2
    _, told, _ = collect(few)
    assert told["incomplete"] == []
    server.incomplete = 3
    with pytest.raises(InputError, match="No repository"):
        collect(GitHubWish(("ai",), ("Python",), 4590, FIRST))


def test_the_second_time_unchanged_pages_are_not_sent_again(collect, server):
    few = GitHubWish(("ai",), ("Python",), 4500, FIRST)
    first, _, record = collect(few)
    again, _, same = collect(few)
    assert server.searches()[-1].endswith("(304)")
    assert first.drop("retrieved_utc").equals(again.drop("retrieved_utc"))
    assert record.name == same.name


def test_a_readme_is_taken_where_the_licence_allows(collect):
    frame, _, record = collect(
        GitHubWish(("ai",), ("Python",), 4500, FIRST, readmes=True, releases=2)
    )
    taken = {row["licence"]: row["readme"] for row in frame.to_dicts()}
    assert taken == {"MIT": "# Read me\n", "GPL-3.0-only": None, "": None}
    assert json.loads(frame["releases"][0])[0]["tag_name"] == "v1"
    assert record.licence == "MIT"


def test_records_tell_where_they_came_from(collect, server):
    frame, _, record = collect(GitHubWish(("ai",), ("Python",), 4500, FIRST))
    row = frame.to_dicts()[0]
    assert row["url"].startswith(server.url)
    assert row["retrieved_utc"]
    assert record.source == "github"
    assert "terms of service" in record.manifest["facts"]["terms"]


@pytest.mark.parametrize(
    "wish", [{"topics": ('a"b',)}, {"languages": ("",)}, {"more_than_stars": -1}, {"limit": 0}]
)
def test_a_wrong_wish_is_refused_before_anything_is_asked(collect, server, wish):
    with pytest.raises(InputError):
        collect(GitHubWish(**wish))
    assert server.asked == []


def test_the_token_is_sent_to_github_only_and_never_kept(collect, tmp_path):
    collect(GitHubWish(("ai",), ("Python",), 4500, FIRST))
    kept = [path for path in (tmp_path / "sky").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"secret" in path.read_bytes() for path in kept)
