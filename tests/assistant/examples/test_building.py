"""A whole build on a small sandbox: five categories, parts apart, and a file to train on."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from jinja2 import Template
from typer.testing import CliRunner

from skywright.assistant.examples.building import build, working_path
from skywright.assistant.examples.example import CATEGORIES, CITE, LEAST, plain
from skywright.assistant.examples.reporting import MOST_SHARE, Order
from skywright.assistant.examples.templates.every import TEMPLATES
from skywright.cli.main import app
from skywright.errors import NotFoundError
from skywright.foundry.data.reading import read_table
from skywright.foundry.kinds.llm_data import SILENT, Layout, Writer, examples, words_of
from skywright.foundry.kinds.tiny_base import CHAT
from skywright.foundry.recipe import Recipe

_HEAD = (
    "Name;Type;RA;Dec;Const;MajAx;MinAx;PosAng;B-Mag;V-Mag;J-Mag;H-Mag;K-Mag;SurfBr;Hubble;Pax;"
    "Pm-RA;Pm-Dec;RadVel;Redshift;Cstar U-Mag;Cstar B-Mag;Cstar V-Mag;M;NGC;IC;Cstar Names;"
    "Identifiers;Common names;NED notes;OpenNGC notes;Sources"
)


def _write_openngc(path, draw):
    lines = [_HEAD]
    for k in range(1, 61):
        kind = ("G", "G", "OCl", "PN", "NonEx")[k % 5]
        place = f"{k // 4:02d}:{draw.randrange(2):02d}:12.5"  # four lie together
        north = f"+{20 + k // 4:02d}:{draw.randrange(30):02d}:07"
        shape = "2.5;1.1;40;12.5;11.9;10.1;9.5;9.2;22.1;Sb" if kind == "G" else "5;4;;;;;;;;"
        shift = "5100;0.017" if kind == "G" else ";"
        messier = f"{k:03d}" if k < 20 else ""
        lines.append(
            f"NGC{7000 + k};{kind};{place};{north};Cyg;{shape};;;;{shift};;;;{messier};;;;;;;;"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_stars(path, draw):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["ra", "dec", "phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"])
        for column in range(8):
            for _ in range(60):
                g, colour = draw.uniform(13, 20), draw.uniform(0.4, 1.9)
                ra = 10.0 + column * 0.1 + draw.uniform(0.02, 0.08)
                dec = draw.uniform(0.02, 0.08)
                writer.writerow([f"{ra:.5f}", f"{dec:.5f}", f"{g:.3f}", f"{g + colour / 2:.3f}",
                                 f"{g - colour / 2:.3f}"])  # fmt: skip


def _write_planets(path, draw):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["pl_name", "hostname", "discoverymethod", "disc_year", "disc_facility",
                         "pl_orbper", "pl_rade", "pl_bmasse"])  # fmt: skip
        for k in range(1, 25):
            for letter in "bcd":
                period = 3.0 * "abcd".index(letter) + draw.uniform(0, 1)
                writer.writerow([f"Made-{k} {letter}", f"Made-{k}", "Transit", 2010 + k % 4,
                                 "Made Observatory", f"{period:.4f}", "2.1", "6.3"])  # fmt: skip


def _write_satellites(path, draw):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["OBJECT_NAME", "OBJECT_ID", "EPOCH", "MEAN_MOTION", "ECCENTRICITY",
                         "INCLINATION", "RA_OF_ASC_NODE", "ARG_OF_PERICENTER", "MEAN_ANOMALY",
                         "NORAD_CAT_ID", "BSTAR"])  # fmt: skip
        for k in range(40):
            angles = [f"{draw.uniform(0, 360):.4f}" for _ in range(3)]
            writer.writerow([f"MADE {k}", f"2020-{k + 1:03d}A", "2024-11-01T00:00:00.000000",
                             f"{15 + 0.01 * k:.8f}", "0.0010000", "53.0500", *angles,
                             90_001 + k, "0.0001"])  # fmt: skip


_CDM = """CCSDS_CDM_VERS = 1.0
COMMENT made up for a test
CREATION_DATE = 2024-01-01T00:00:00.000
ORIGINATOR = TEST
MESSAGE_ID = TEST-{k}
TCA = 2024-01-02T00:00:00.000
MISS_DISTANCE = 1000 [m]
"""
_CDM_OBJECT = """OBJECT = OBJECT{n}
OBJECT_DESIGNATOR = {number}
CATALOG_NAME = SATCAT
OBJECT_NAME = MADE {number}
INTERNATIONAL_DESIGNATOR = 2020-001A
EPHEMERIS_NAME = NONE
COVARIANCE_METHOD = CALCULATED
MANEUVERABLE = N/A
REF_FRAME = EME2000
X = 7000.0 [km]
Y = {y} [km]
Z = 0.0 [km]
X_DOT = 0.0 [km/s]
Y_DOT = {vy} [km/s]
Z_DOT = {vz} [km/s]
CR_R = 10000.0 [m**2]
CT_R = 0.0 [m**2]
CT_T = 250000.0 [m**2]
CN_R = 0.0 [m**2]
CN_T = 0.0 [m**2]
CN_N = 10000.0 [m**2]
"""


def _write_light_curves(folder, draw):
    for k in range(6):
        lines = [f"{2_460_000 + 0.02 * n:.3f},{100 + draw.gauss(0, 0.1):.4f}" for n in range(80)]
        text = "\n".join(["bjd,flux", *lines])
        (folder / f"made_star_{k}.csv").write_text(text, encoding="utf-8")


def _write_conjunctions(folder):
    for k in range(12):
        one = _CDM_OBJECT.format(n=1, number=90_001 + 2 * k, y=0.0, vy=7.5, vz=0.0)
        two = _CDM_OBJECT.format(n=2, number=90_002 + 2 * k, y=0.1 * (k + 1), vy=0.0, vz=7.5)
        path = folder / f"conjunction-{k}.cdm"
        path.write_text(_CDM.format(k=k) + one + two, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    into = tmp_path_factory.mktemp("catalogues")
    draw = random.Random(5)
    _write_openngc(into / "NGC.csv", draw)
    _write_stars(into / "stars.csv", draw)
    _write_planets(into / "planets.csv", draw)
    _write_satellites(into / "gp_made.csv", draw)
    _write_conjunctions(into)
    _write_light_curves(into, draw)
    return into


@pytest.fixture(scope="module")
def built(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("examples") / "examples.jsonl"
    return build(Order(out, 126, 3, (folder,)), is_plain=True)


@pytest.fixture(scope="module")
def rows(built):
    return [json.loads(line) for line in built.order.out.read_text("utf-8").splitlines()]


def test_a_whole_build_has_at_least_seven_hundred_in_the_shares_of_the_plan():
    assert LEAST == {
        "catalogue-queries": 200,
        "data-reduction": 150,
        "plotting": 100,
        "literature": 100,
        "object-types": 150,
    }
    assert sum(Order(None).wanted().values()) >= 700


_BUILD = """
import sys
from pathlib import Path
from skywright.assistant.examples.building import build
from skywright.assistant.examples.reporting import Order

build(Order(Path(sys.argv[1]), 7, 3, (Path(sys.argv[2]),)), is_plain=True)
"""


def _kill_after(lines, folder, out):
    """Start the same build in a process of its own and kill it once it has kept some lines."""
    process = subprocess.Popen([sys.executable, "-c", _BUILD, str(out), str(folder)])
    until = time.monotonic() + 120
    kept = working_path(out)
    try:
        while not kept.exists() or kept.read_bytes().count(b"\n") <= lines:
            assert process.poll() is None, "the build ended before it was killed"
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_a_build_that_was_killed_goes_on_and_ends_in_the_same_bytes(folder, tmp_path):
    out, other = tmp_path / "examples.jsonl", tmp_path / "undisturbed.jsonl"
    _kill_after(3, folder, out)
    assert not out.exists()
    went_on = build(Order(out, 7, 3, (folder,)), is_plain=True)
    undisturbed = build(Order(other, 7, 3, (folder,)), is_plain=True)
    assert went_on.gone_on_from >= 3
    assert undisturbed.gone_on_from == 0
    assert out.read_bytes() == other.read_bytes()
    assert sorted(tmp_path.iterdir()) == [out, other]
    same = ("by_template", "with_code", "with_adql", "with_tools", "refused")
    assert [went_on.to_dict()[one] for one in same] == [undisturbed.to_dict()[one] for one in same]


_NOT_HERE = {"launches-of-year"}  # no launch log among the files


@pytest.mark.slow
def test_every_template_makes_an_example(built):
    made = set(built.to_dict()["by_template"])
    assert {one.name for one in TEMPLATES} - made == _NOT_HERE, built.to_dict()["refused"]


@pytest.mark.slow
def test_every_category_has_its_share(built, rows):
    assert built.short() == {}
    assert {row["category"] for row in rows} == set(CATEGORIES)
    assert len(rows) == len({row["id"] for row in rows}) >= 126


@pytest.mark.slow
def test_no_object_or_template_is_on_both_sides(rows):
    parts = {}
    for row in rows:
        for key in row["object"].split("; "):
            assert parts.setdefault(key, row["split"]) == row["split"]
    test = {row["template"] for row in rows if row["split"] == "test"}
    others = {row["template"] for row in rows if row["split"] != "test"}
    assert test
    assert not test & others


@pytest.mark.slow
def test_quotes_stand_in_what_the_tools_returned(rows):
    quoted = 0
    for row in rows:
        results = "\n".join(one["content"] for one in row["messages"] if one["role"] == "tool")
        for one in row["messages"]:
            if one["role"] == "assistant":
                quotes = CITE.findall(one["content"])
                quoted += len(quotes)
                assert all(quote in results for _, quote in quotes)
    assert quoted > 10


@pytest.mark.slow
def test_nothing_tells_of_the_sandbox_or_of_the_day(built):
    text = built.order.out.read_text(encoding="utf-8")
    assert "127.0.0.1" not in text
    assert "a stand-in on this machine" not in text
    assert "days old" not in text


@pytest.mark.slow
def test_the_report_names_seed_versions_data_and_refusals(built):
    told = built.to_dict()
    assert told["seed"] == 3
    assert set(told["data_sha256"]) >= {"NGC.csv", "stars.csv", "planets.csv"}
    assert {"skywright", "astropy", "pyvo"} <= set(told["versions"])
    assert sum(told["by_category"].values()) == told["examples"]
    for one in told["refused"].values():
        assert set(one["by_category"]) <= set(CATEGORIES)
        assert one["reasons"]


@pytest.mark.slow
def test_language_models_can_be_trained_on_the_file(built, rows):
    frame = read_table(built.order.out)
    recipe = Recipe.model_validate({"name": "chat", "kind": "llm", "licence": "CC0-1.0"})
    layout = Layout.of(recipe, frame)
    assert layout.form == "messages"
    words = "\n".join(words_of(frame, layout))
    assert plain(rows[0]["messages"][-1]["content"]).split()[0] in words
    assert {one["role"] for row in rows for one in row["messages"]} == {
        "system", "user", "assistant", "tool"
    }  # fmt: skip


class _Letters:
    """A tokenizer whose tokens are letters, with the chat template of bases without one."""

    bos_token_id = None
    eos_token_id = ord("\0")

    def __call__(self, text, **_given):
        return {"input_ids": [*map(ord, text)]}

    def apply_chat_template(self, messages, *, tokenize, add_generation_prompt):
        given = {"add_generation_prompt": add_generation_prompt, "eos_token": "\0"}
        return Template(CHAT).render(messages=messages, **given)


@pytest.mark.slow
def test_the_foundry_learns_calls_and_answers_and_nothing_that_a_tool_said(built, rows):
    frame = read_table(built.order.out)
    learned = examples(frame, Layout("messages", "", "messages"), Writer(_Letters(), "", chat=True))
    assert len(learned) == len(rows)
    for one, row in zip(learned, rows, strict=True):
        said = "".join(chr(k) for k in one.labels if k != SILENT)
        turns = [turn["content"] for turn in row["messages"] if turn["role"] == "assistant"]
        assert said == "".join(f"{turn}\0\n" for turn in turns)


@pytest.mark.slow
def test_no_template_makes_more_than_its_share(built):
    told = built.to_dict()
    assert max(told["by_template"].values()) <= built.order.most_of_one_template() == 10
    assert told["largest_template_share"] <= MOST_SHARE


def test_without_catalogues_it_says_which_to_install(tmp_path):
    with pytest.raises(NotFoundError, match=r"OpenNGC \(NGC.csv\)") as told:
        build(Order(tmp_path / "out.jsonl", 25, 1, (tmp_path,)))
    assert "skywright catalogues add" in str(told.value)
    assert not (tmp_path / "out.jsonl").exists()


def test_the_command_says_what_is_missing_too(folder, tmp_path):
    only = tmp_path / "only"
    only.mkdir()
    shutil.copy(folder / "NGC.csv", only)
    command = ["assistant", "examples", "build", "--out", str(tmp_path / "out.jsonl")]
    told = CliRunner().invoke(app, [*command, "--catalogues", str(only)])
    assert told.exit_code == 1
    assert "phot_g_mean_mag" in str(told.exception)
    assert "OpenNGC" not in str(told.exception)
