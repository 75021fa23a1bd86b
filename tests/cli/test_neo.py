"""The fixed commands: files in, files out, one sentence for what is wrong, nothing left behind."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

# JPL SBDB, solution of 2020-09: 1685 Toro and 4179 Toutatis at JD 2459000.5, digits as printed.
ROWS = [
    {
        "designation": "1948 OA",
        "epoch_jd_tdb": 2459000.5,
        "a_au": 1.367586471676899,
        "e": 0.4358371101234201,
        "i_deg": 9.383132281270342,
        "node_deg": 274.2452382733312,
        "peri_deg": 127.2065882952966,
        "mean_anomaly_deg": 290.2506511775094,
        "h_mag": 14.3,
        "note": "passes through",
    },
]


def skywright(*arguments):
    command = [sys.executable, "-m", "skywright", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "objects.parquet"
    pl.DataFrame(ROWS).write_parquet(path)
    return path


def test_moid_keeps_the_columns_and_adds_its_own(table, tmp_path):
    out = tmp_path / "out.parquet"
    done = skywright("neo", "moid", table, "--out", out)
    assert done.returncode == 0, done.stderr
    found = pl.read_parquet(out)
    assert found.columns[: len(ROWS[0])] == list(ROWS[0])
    assert found["moid_au"][0] == pytest.approx(0.0506645, abs=6e-7)  # JPL SBDB, six digits
    assert {"nu_deg", "earth_nu_deg", "moid2_au"} <= set(found.columns)


def test_json_is_one_object_on_standard_output(table):
    done = skywright("neo", "moid", table, "--json")
    assert json.loads(done.stdout)["rows"][0]["designation"] == "1948 OA"


def test_table_for_reading_needs_no_file(table):
    done = skywright("neo", "assess", table)
    assert done.returncode == 0, done.stderr
    assert "APO" in done.stdout


def test_propagation_goes_to_the_target_date(table, tmp_path):
    moved = tmp_path / "moved.parquet"
    pl.read_parquet(table).with_columns(target_jd_tdb=2459000.5).write_parquet(table)
    assert skywright("neo", "propagate", table, "--out", moved).returncode == 0
    row = pl.read_parquet(moved).row(0, named=True)
    r = sum(row[f"{axis}_au"] ** 2 for axis in "xyz") ** 0.5
    assert 0.77 < r < 1.97  # between perihelion and aphelion


def test_approaches_have_exactly_the_promised_columns(table, tmp_path):
    out = tmp_path / "near.parquet"
    done = skywright("neo", "approaches", table, "--start", "2020-01-01", "--stop", "2021-01-01",
                     "--within-au", "0.2", "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    promised = ["designation", "body", "jd_tdb", "dist_au", "v_rel_km_s", "v_inf_km_s"]
    assert pl.read_parquet(out).columns[:8] == [*promised, "b_xi_km", "b_zeta_km"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"e": -0.5}, "row 1 (1948 OA) has e = -0.5"),
        ({"epoch_jd_tdb": 59000.5}, "modified Julian date"),
        ({"i_deg": 270.0}, "i_deg = 270"),
    ],
)
def test_bad_row_is_one_sentence_and_leaves_no_file(table, tmp_path, change, sentence):
    pl.DataFrame([ROWS[0] | change]).write_parquet(table)
    done = skywright("neo", "moid", table, "--out", tmp_path / "out.parquet")
    assert done.returncode == 1
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["objects.parquet"]


def test_missing_file_and_missing_column_are_sentences(table, tmp_path):
    assert "does not exist" in skywright("neo", "moid", tmp_path / "none.csv").stderr
    pl.read_parquet(table).drop("e").write_parquet(table)
    assert "needs the columns e" in skywright("neo", "moid", table).stderr


def test_help_is_quick_because_it_loads_no_arrays():
    code = (
        "import sys; from skywright.cli.main import app; "
        "print([m for m in ('numpy','polars','numba','fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
