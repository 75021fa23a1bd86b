"""TAP: answers at once and as jobs, limits, refusals, faults, and stopping."""

import dataclasses
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from skywright.errors import InputError, SourceError, StoppedError
from skywright.settings import Settings
from skywright.sources import tap, tap_jobs
from skywright.sources.collecting import Visit
from skywright.sources.gcat import STATE as ANY
from tests.sources.recorded import reply
from tests.sources.test_votable import TWO, document

STATE = dataclasses.replace(ANY, url_setting="gaia_url", fresh_s=0.0)
XML = {"Content-Type": "application/x-votable+xml"}
ROWS = [(str(k), str(k / 2)) for k in range(5)]


@pytest.fixture
def visit(provider, fetcher):
    return Visit(STATE, fetcher, Settings(gaia_url=f"{provider.url}/tap"))


def say(provider, *contents, status=200):
    provider.say(*(provider.reply(one, status, XML) for one in contents))


def test_one_row_more_than_wanted_is_asked_for(visit, provider):
    say(provider, document(TWO, ROWS))
    answer = tap.query(visit, "SELECT source_id, g FROM t", most_rows=4)
    path, asked, _ = provider.asked[0]
    assert path == "/tap/sync"
    assert asked["MAXREC"] == "5"
    assert asked["LANG"] == "ADQL"
    assert answer.is_cut
    assert answer.table["source_id"].to_list() == [0, 1, 2, 3]
    assert answer.units == {"g": "mag"}
    assert visit.provenance[0].url.startswith(f"{provider.url}/tap/sync?")


def test_as_many_rows_as_wanted_are_not_cut(visit, provider):
    say(provider, document(TWO, ROWS))
    assert not tap.query(visit, "SELECT source_id FROM t", most_rows=5).is_cut


def test_a_top_that_is_just_reached_may_have_left_rows_out(visit, provider):
    say(provider, document(TWO, ROWS))
    assert tap.query(visit, "SELECT DISTINCT TOP 5 source_id FROM t", most_rows=5).is_cut


def test_the_overflow_flag_is_passed_on(visit, provider):
    flag = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>'
    say(provider, document(TWO, ROWS, after=flag))
    assert tap.query(visit, "SELECT source_id FROM t", most_rows=100).is_cut


@pytest.mark.parametrize("most_rows", [0, -1, tap.MOST_ROWS + 1])
def test_a_number_of_rows_out_of_range_is_refused(visit, most_rows):
    with pytest.raises(InputError, match="one query may return 1 to 100000"):
        tap.query(visit, "SELECT a FROM t", most_rows=most_rows)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_refusal_is_passed_on_whatever_its_status(visit, provider, waits, status):
    say(provider, document(TWO, [], "ERROR", "Unknown column decl"), status=status)
    with pytest.raises(SourceError, match=r"refused the query and said: Unknown column decl\."):
        tap.query(visit, "SELECT decl FROM t", most_rows=5)
    assert len(provider.asked) == 1
    assert waits == []


def test_a_refusal_in_plain_words_is_passed_on(visit, provider):
    provider.say(provider.reply("Syntax error near FROM", 400, {"Content-Type": "text/plain"}))
    with pytest.raises(SourceError, match="said: Syntax error near FROM"):
        tap.query(visit, "SELECT FROM t", most_rows=5)


def test_a_failure_of_the_server_is_tried_again(visit, provider, waits):
    provider.say(provider.reply("<html>oops</html>", 500, {"Content-Type": "text/html"}),
                 provider.reply("<html>oops</html>", 500, {"Content-Type": "text/html"}),
                 provider.reply(document(TWO, ROWS), 200, XML))  # fmt: skip
    assert tap.query(visit, "SELECT a FROM t", most_rows=9).table.height == 5
    assert waits == [1.0]


def test_too_many_requests_are_waited_out(visit, provider, waits):
    provider.say(
        provider.reply("", 429, {"Retry-After": "7"}), provider.reply(document(TWO, ROWS), 200, XML)
    )
    assert tap.query(visit, "SELECT a FROM t", most_rows=9).table.height == 5
    assert waits == [7.0]


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        ("<html><body>Maintenance</body></html>", "text/html", "web page"),
        ('{"rows": []}', "application/json", "no VOTable"),
        (document(TWO, ROWS)[:-60], "text/xml", "cut short"),
    ],
)
def test_what_is_no_votable_is_an_error_and_is_not_kept(visit, provider, content, kind, words):
    provider.say(provider.reply(content, 200, {"Content-Type": kind}))
    with pytest.raises(SourceError, match=words):
        tap.query(visit, "SELECT a FROM t", most_rows=9)
    assert visit.provenance == []


def test_the_recorded_list_of_tables_is_read(assistant_data):
    known = tap.read_tables(reply(assistant_data, "xmlparser/test_tables_gaia.xml"), STATE)
    assert "vmag" in known["external.apassdr9"]
    pyvo = reply(assistant_data, "io/vosi/tables.xml", "pyvo_recorded.tar.gz")
    assert tap.read_tables(pyvo, STATE) == {"test.all": ("id",)}


@pytest.mark.parametrize("content", [b"<tableset/>", b"<tableset><schema>", b"no xml"])
def test_a_list_of_tables_without_any_is_an_error(content):
    with pytest.raises(SourceError, match="tables"):
        tap.read_tables(content, STATE)


def test_tables_that_are_not_known_are_asked_for(visit, provider):
    fields = "".join(f'<FIELD name="{n}" datatype="char" arraysize="*"/>'
                     for n in ("table_name", "column_name"))  # fmt: skip
    say(provider, document(fields, [("a.b", "x"), ("a.b", "y")]))
    assert tap.checked(visit, "SELECT x, y FROM a.b", {}).columns == ("a.b.x", "a.b.y")
    with pytest.raises(InputError, match="no column 'z'"):
        tap.checked(visit, "SELECT z FROM a.b", {})
    assert len(provider.asked) == 1  # kept for a day


def test_a_set_stop_ends_the_wait(visit, provider):
    stop = threading.Event()
    slow = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(StoppedError):
        tap.unless_stopped(lambda: slow.wait(20), stop)
    slow.set()


def test_an_error_beside_a_stop_is_raised_here():
    def fail():
        message = "no"
        raise SourceError(message)

    with pytest.raises(SourceError, match="no"):
        tap.unless_stopped(fail, threading.Event())


class _Jobs(ThreadingHTTPServer):
    """Takes jobs; each is in the phases told, one after each look."""

    daemon_threads = True

    def __init__(self):
        self.phases, self.asked, self.location = ["COMPLETED"], [], ""
        self.refusals = []
        super().__init__(("127.0.0.1", 0), _JobHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _JobHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.asked.append(("POST", self.path, sent))
        if self.server.refusals:
            self._say(*self.server.refusals.pop(0))
            return
        self._say(303, b"", {"Location": self.server.location or f"{self.server.url}/tap/async/1"})

    def do_GET(self):
        self.server.asked.append(("GET", self.path, {}))
        if self.path.endswith("/phase"):
            phases = self.server.phases
            if phases[0] == "hangs up":
                phases.pop(0)
                self.close_connection = True
                return
            self._say(200, (phases.pop(0) if len(phases) > 1 else phases[0]).encode())
        elif self.path.endswith("/results/result"):
            self._say(200, document(TWO, ROWS), XML)
        elif self.path.endswith("/error"):
            self._say(200, document(TWO, [], "ERROR", "Out of memory"), XML)
        else:
            self._say(404, b"")

    def do_DELETE(self):
        self.server.asked.append(("DELETE", self.path, {}))
        self._say(303, b"", {"Location": f"{self.server.url}/tap/async"})

    def _say(self, status, content, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def jobs(monkeypatch):
    monkeypatch.setattr(tap_jobs, "_FIRST_LOOK_S", 0.01)
    server = _Jobs()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def job_visit(jobs, fetcher):
    return Visit(STATE, fetcher, Settings(gaia_url=f"{jobs.url}/tap/"))


def test_a_job_is_started_watched_and_its_result_fetched(jobs, job_visit):
    jobs.phases = ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"]
    answer = tap.query(job_visit, "SELECT a FROM t", most_rows=9, as_job=True)
    assert answer.table.height == 5
    assert jobs.asked[0][1] == "/tap/async"
    assert jobs.asked[0][2]["PHASE"] == "RUN"
    assert ("POST", "/tap/async/1/phase", {"PHASE": "RUN"}) in jobs.asked
    assert answer.provenance.url == f"{jobs.url}/tap/async/1/results/result"


def test_a_job_is_started_again_where_the_service_was_busy(jobs, job_visit, monkeypatch):
    waits = []
    monkeypatch.setattr(tap_jobs._Service, "wait", lambda _, seconds: waits.append(seconds))
    jobs.refusals = [(429, b"", {"Retry-After": "3"}), (503, b"")]
    jobs.phases = ["hangs up", "COMPLETED"]
    assert tap.query(job_visit, "SELECT a FROM t", most_rows=9, as_job=True).table.height == 5
    assert waits == [3.0, 2.0, 1.0]


def test_a_service_of_jobs_that_wants_more_time_than_we_have_says_when_to_come_back(
    jobs, job_visit
):
    jobs.refusals = [(503, b"", {"Retry-After": "600"})]
    with pytest.raises(SourceError, match="left alone for 10 minutes"):
        tap.query(job_visit, "SELECT a FROM t", most_rows=9, as_job=True)


def test_a_query_too_long_for_an_address_becomes_a_job(jobs, job_visit):
    adql = f"SELECT a FROM t WHERE a IN ({', '.join(map(str, range(3000)))})"
    assert tap.query(job_visit, adql, most_rows=9).table.height == 5
    assert jobs.asked[0][2]["QUERY"] == adql


def test_a_job_that_fails_says_why(jobs, job_visit):
    jobs.phases = ["EXECUTING", "ERROR"]
    with pytest.raises(SourceError, match="ended the job with ERROR and said: Out of memory"):
        tap.query(job_visit, "SELECT a FROM t", most_rows=9, as_job=True)


def test_a_job_that_is_stopped_is_aborted_on_the_server(jobs, job_visit):
    jobs.phases = ["EXECUTING"]
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(StoppedError):
        tap.query(job_visit, "SELECT a FROM t", most_rows=9, stop=stop, as_job=True)
    assert ("POST", "/tap/async/1/phase", {"PHASE": "ABORT"}) in jobs.asked
    assert jobs.asked[-1][:2] == ("DELETE", "/tap/async/1")


def test_a_job_that_lasts_too_long_is_aborted(jobs, job_visit, monkeypatch):
    monkeypatch.setattr(tap_jobs, "LONGEST_S", 0.05)
    jobs.phases = ["EXECUTING"]
    with pytest.raises(SourceError, match="had not finished the job"):
        tap.query(job_visit, "SELECT a FROM t", most_rows=9, as_job=True)
    assert ("POST", "/tap/async/1/phase", {"PHASE": "ABORT"}) in jobs.asked


def test_a_job_on_another_host_is_not_followed(jobs, job_visit):
    jobs.location = "http://192.0.2.1/tap/async/1"
    with pytest.raises(SourceError, match="named a job on another host"):
        tap.query(job_visit, "SELECT a FROM t", most_rows=9, as_job=True)


def test_a_service_that_is_not_there_is_an_error_in_words(fetcher):
    away = Visit(STATE, fetcher, Settings(gaia_url="http://127.0.0.1:9/tap"))
    with pytest.raises(SourceError, match="did not answer.*SKYWRIGHT_GAIA_URL"):
        tap.query(away, "SELECT a FROM t", most_rows=9, as_job=True)
