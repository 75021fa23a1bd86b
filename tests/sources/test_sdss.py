"""SkyServer: SQL that only reads, cones of three arcminutes, answers in JSON."""

import json
import threading

import pytest

from skywright.errors import InputError, SourceError, StoppedError
from skywright.settings import Settings
from skywright.sources import sdss
from skywright.sources.collecting import Visit, Wish, visit
from skywright.sources.cones import Cone

ROWS = [{"objID": 1237653651835781245 + k, "ra": 2.02 + k, "g": 18.5} for k in range(3)]
ANSWER = json.dumps([{"TableName": "Table1", "Rows": ROWS}])


@pytest.fixture
def one(provider, fetcher):
    return Visit(sdss.STATE, fetcher, Settings(sdss_url=provider.url), Wish(limit=2))


def test_an_answer_keeps_every_digit_of_an_identifier(one, provider):
    provider.say(ANSWER)
    answer = sdss.query(one, "SELECT objID, ra, g FROM PhotoObj", 5)
    assert answer.table["objID"].to_list()[0] == 1237653651835781245
    assert not answer.is_cut
    path, asked, _ = provider.asked[0]
    assert path == "/SearchTools/SqlSearch"
    assert asked == {"cmd": "SELECT TOP 6 objID, ra, g FROM PhotoObj", "format": "json"}


def test_rows_above_the_limit_are_cut_and_told(one, provider):
    provider.say(ANSWER)
    answer = sdss.query(one, "select distinct top (900) objID from PhotoObj", 2)
    assert answer.is_cut
    assert answer.table.height == 2
    assert provider.asked[0][1]["cmd"] == "select distinct TOP 3 objID from PhotoObj"


def test_a_cone_is_asked_for_in_arcminutes(one, provider):
    provider.say(ANSWER)
    sdss.cone(one, Cone(250.4235, 36.4613, 0.05), 10)
    assert "dbo.fGetNearbyObjEq(250.4235, 36.4613, 3) AS n" in provider.asked[0][1]["cmd"]


def test_a_cone_above_three_arcminutes_is_refused(one, provider):
    with pytest.raises(InputError, match=r"0\.083333.* is above.*3 arcminutes"):
        sdss.cone(one, Cone(250.4235, 36.4613, 0.083333), 10)
    assert provider.asked == []


@pytest.mark.parametrize(
    "sql",
    [
        "", "DELETE FROM PhotoObj", "SELECT 1; DROP TABLE x", "SELECT * INTO mydb.x FROM PhotoObj",
        "exec spX", "SELECT " + "a" * 9000, "-- SELECT\nUPDATE x SET y = 1",
    ],
)  # fmt: skip
def test_what_does_more_than_read_is_refused(one, provider, sql):
    with pytest.raises(InputError, match="SELECT"):
        sdss.query(one, sql, 10)
    assert provider.asked == []


def test_words_within_a_text_are_no_commands(one, provider):
    provider.say(ANSWER)
    assert sdss.query(one, "SELECT 'drop; into' AS a FROM PhotoObj;", 10).table.height == 3


@pytest.mark.parametrize("most_rows", [0, sdss.MOST_ROWS + 1])
def test_a_number_of_rows_out_of_range_is_refused(one, most_rows):
    with pytest.raises(InputError, match="one query may return"):
        sdss.query(one, "SELECT 1", most_rows)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"Error Code": "400", "Error Message": "Invalid column decl."}', "said: Invalid column"),
        ('[{"TableName": "Table1"}]', "unknown shape: no table"),
        ('[{"TableName": "Table1", "Rows": [1]}]', "unknown shape: no table"),
        (ANSWER[:-20], "cut short"),
        ("<html>Maintenance</html>", "web page"),
    ],
)
def test_other_answers_are_errors_in_words(one, provider, content, words):
    provider.say(content)
    with pytest.raises(SourceError, match=words):
        sdss.query(one, "SELECT 1 AS a", 10)


def test_a_refusal_of_status_400_is_passed_on(one, provider):
    words = '{"Error Code": "400", "Error Message": "Invalid object name X."}'
    provider.say(provider.reply(words, 400))
    with pytest.raises(SourceError, match=r"refused the query and said: Invalid object name X\."):
        sdss.query(one, "SELECT a FROM X", 10)


def test_a_query_is_stopped(one, provider):
    provider.say(ANSWER)
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        sdss.query(one, "SELECT 1 AS a", 10, stop)


@pytest.mark.parametrize("part", ["stars", "quasars"])
def test_a_sample_is_collected(one, provider, part):
    provider.say(ANSWER)
    table = visit(sdss.COLLECTOR, part, one)
    assert table.height == 2
    assert table["source_url"][0].startswith(provider.url)


def test_the_server_of_the_sandbox_is_spoken_to(sandbox, fetcher, assistant_data):
    one = Visit(sdss.STATE, fetcher, sandbox.settings(Settings()))
    answer = sdss.cone(one, Cone(250.30, 36.46, 0.05), 10_000)
    assert answer.table.height > 100
    assert {"objID", "g", "r"} <= set(answer.table.columns)
