"""``skywright collect neo`` against a loopback server that speaks as the providers do."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.collect import app
from skywright.errors import InputError, SourceError
from skywright.neo.catalogue import load_catalogue
from skywright.neo.notable import lookup
from skywright.settings import get_settings

# JPL SBDB: Eros (solution 659), Apophis (220), 1979 XB to four digits; 2099 ZZ is invented.
FIELDS = ["spkid", "full_name", "pdes", "class", "epoch", "e", "a", "q", "i", "om", "w", "ma", "tp"]
FIELDS += ["H", "moid", "soln_date", "first_obs"]
ROWS = [
    ["20000433", "   433 Eros (A898 PA)", "433", "AMO", "2461000.5", ".2228359407071628",
     "1.458120998474684", "1.13319923411471", "10.82846651399785", "304.2701025753316",
     "178.9297536744151", "310.5543277370992", "2461088.831287055474", "10.38", ".148353",
     "2021-05-24 17:55:05", "1893-10-29"],
    ["20099942", " 99942 Apophis (2004 MN4)", "99942", "ATE", "2461000.5", ".1911663355386932",
     ".9223803173917017", ".7460522521429133", "3.340958441017069", "203.8996515621043",
     "126.6728325163065", "312.8054663584516", "2461042.918242006079", "19.09", ".000360605",
     "2024-06-25 10:48:08", "2004-03-15"],
    ["3012393", "       (1979 XB)", "1979 XB", "APO", "2444221.5", "0.7084", "2.228",
     "0.6497", "24.73", "86.06", "75.58", "346.32", None, "18.6", ".025", "2021-04-12 00:00:00",
     "1979-12-11"],
    ["9999999", "       (2099 ZZ)", "2099 ZZ", "APO", "2461000.5", None, None, None, None, None,
     None, None, None, "25.0", None, None, None],
]  # fmt: skip
COVARIANCE = {
    "epoch": "2459215.5", "labels": ["e", "q", "tp", "node", "peri", "i"],
    "data": [["1E-18" if k == j else "0" for k in range(6)] for j in range(6)],
    "elements": [
        {"name": "e", "value": ".1915216893501022"}, {"name": "q", "value": ".7458270478466523"},
        {"name": "tp", "value": "2459101.039422462638"}, {"name": "om", "value": "204.0389272"},
        {"name": "w", "value": "126.6520518"}, {"name": "i", "value": "3.336751320"},
    ],
}  # fmt: skip
OBJECT = {
    "object": {"des": "99942", "fullname": "99942 Apophis (2004 MN4)"},
    "orbit": {
        "epoch": "2461000.5", "covariance": COVARIANCE, "elements": COVARIANCE["elements"],
        "model_pars": [{"name": "A2", "value": "-2.901766637153165E-14"}],
    },
}  # fmt: skip
SENTRY = [{"des": "99942", "ip": "1e-8", "ps_cum": "-3.0", "ps_max": "-3.1", "ts_max": "0"},
          {"des": "1979 XB", "ip": "8.9e-07", "ps_cum": "-2.75", "ps_max": "-3.12", "ts_max": "0"},
          ]  # fmt: skip
RISK = """Last Update: 2026-04-26 14:04 UTC
Num/des.       Name           |   m  | *=Y  |  Date/Time       |  IP max  | PS max |TS| Vel  | Years     |  IP cum  | PS cum |
1979XB                        |  700 |   *  | 2056-12-12 21:39 |  2.86E-7 |  -3.22 | 0| 27.54 | 2056-2117 |  9.01E-7 |  -2.89 |
"""  # noqa: E501
NEA = (
    "00433   10.40  0.15 K25BL 310.55432  178.92976  304.27010   10.82847  0.2228360  "
    "0.55977529   1.4581210  0 E2026-G89 17462  59 1893-2026 0.62 M-v 3Ek MPCORBFIT  "
    "1804    (433) Eros               20260408\n"
)
CAD = {"count": "0", "signature": {"version": "1.5"}}


class _Providers(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: value[0] for name, value in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query))
        if parts.path in self.server.broken:
            self.send_error(403)
            return
        start = int(query.get("limit-from", 0))
        rows = ROWS[start : start + int(query.get("limit", 10_000))]
        answers = {
            "/sbdb_query.api": {"fields": FIELDS, "data": rows, "count": len(ROWS)},
            "/sbdb.api": OBJECT if query.get("sstr") == "2004 MN4" else {"message": "not found"},
            "/sentry.api": {"data": SENTRY},
            "/cad.api": CAD,
            "/PSDB-portlet/download": RISK,
            "/iau/MPCORB/NEA.txt": NEA,
        }
        answer = answers[parts.path]
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def providers(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Providers)
    server.daemon_threads = True
    server.asked, server.broken = [], set()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    for name, path in (
        ("SBDB_QUERY", "/sbdb_query.api"),
        ("SBDB_OBJECT", "/sbdb.api"),
        ("CAD", "/cad.api"),
        ("SENTRY", "/sentry.api"),
        ("NEOCC", ""),
        ("MPC", ""),
    ):
        monkeypatch.setenv(f"SKYWRIGHT_{name}_URL", url + path)
    get_settings.cache_clear()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _collect(*arguments):
    return CliRunner().invoke(app, ["neo", *arguments])


def test_collecting_gives_a_clean_catalogue_with_features_splits_and_provenance(providers):
    result = _collect("--json")
    assert result.exit_code == 0, result.output
    manifest = json.loads(result.stdout)
    folder = get_settings().data_dir / "neo"
    table = pl.read_parquet(folder / "neo.parquet")
    assert table["designation"].to_list() == ["A898 PA", "2004 MN4", "1979 XB"]
    assert table["orbit_class"].to_list() == ["AMO", "ATE", "APO"]
    assert table["moid_au"][1] == pytest.approx(0.000360605, abs=6e-10)
    assert table["sentry_ps_cum"].to_list() == [None, -3.0, -2.75]
    assert table["neocc_ps_cum"].to_list() == [None, None, -2.89]
    assert table["provenance"].str.contains("NASA/JPL-Caltech, collected 20").all()
    assert manifest["cleaning"]["dropped"] == {"e missing or below 0": 1}
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert {row["provider"] for row in manifest["provenance"]} == {"sbdb", "sentry", "neocc", "cad"}


def test_what_was_collected_is_the_catalogue_in_use(providers):
    _collect()
    assert lookup("(99942) Apophis", load_catalogue())["number"].to_list() == [99942]


def test_covariances_come_with_their_own_orbit_and_a_missing_one_costs_nothing_else(providers):
    result = _collect("--with-covariance", "2", "--json")
    assert result.exit_code == 3
    assert "covariance of 1979 XB" in json.loads(result.stdout)["failed"]
    table = pl.read_parquet(get_settings().data_dir / "neo" / "neo.parquet")
    apophis = lookup("Apophis", table).row(0, named=True)
    assert apophis["epoch_jd_tdb"] == 2459215.5
    assert apophis["e"] == 0.1915216893501022
    assert (apophis["mean_anomaly_deg"], apophis["a2_au_d2"]) == (None, -2.901766637153165e-14)
    assert apophis["covariance"][7] == 1e-18
    assert table["mean_anomaly_deg"][0] == 310.5543277370992


def test_a_list_that_fails_does_not_cost_the_catalogue(providers):
    providers.broken.add("/sentry.api")
    result = _collect()
    assert result.exit_code == 3
    assert "without sentry" in result.stderr
    table = pl.read_parquet(get_settings().data_dir / "neo" / "neo.parquet")
    assert table.height == 3
    assert "sentry_ps_cum" not in table.columns


def test_orbits_that_fail_are_a_sentence_and_leave_the_old_catalogue(providers):
    _collect()
    providers.broken.add("/sbdb_query.api")
    result = _collect()
    assert isinstance(result.exception, SourceError)
    assert result.exception.exit_code == 3
    assert load_catalogue().height == 3


def test_limit_providers_and_folder_can_be_chosen(providers, tmp_path):
    result = _collect("--limit", "1", "--provider", "sbdb", "--out", str(tmp_path / "here"))
    assert result.exit_code == 0
    assert "1 objects" in result.stderr
    assert {path for path, _ in providers.asked} == {"/sbdb_query.api"}
    assert pl.read_parquet(tmp_path / "here" / "neo.parquet").height == 1


def test_two_lists_of_orbits_become_one_row_per_object(providers):
    assert _collect("--provider", "mpc", "--provider", "sbdb").exit_code == 0
    table = load_catalogue()
    assert table.height == 3
    assert table["source"].str.contains("JPL").all()


def test_the_minor_planet_center_alone_is_enough(providers):
    assert _collect("--provider", "mpc").exit_code == 0
    assert load_catalogue()["moid_au"][0] == pytest.approx(0.1484, abs=5e-4)


@pytest.mark.parametrize("provider", ["nasa", "sentry"])
def test_an_impossible_choice_lists_the_possible(provider):
    result = _collect("--provider", provider)
    assert isinstance(result.exception, InputError)
    assert "sbdb" in str(result.exception)


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_fetched(providers, tmp_path):
    (tmp_path / "file").write_text("here")
    result = _collect("--out", str(tmp_path / "file" / "below"))
    assert isinstance(result.exception, InputError)
    assert "cannot be made" in str(result.exception)
    assert providers.asked == []
