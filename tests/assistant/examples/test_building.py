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
from typer.testing import CliRunner

from skywright.assistant.examples.building import build, working_path
from skywright.assistant.examples.example import CATEGORIES, CITE, LEAST, plain
from skywright.assistant.examples.reporting import Order
from skywright.cli.main import app
from skywright.errors import NotFoundError
from skywright.foundry.data.reading import read_table
from skywright.foundry.kinds.llm_data import Layout, words_of
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
        place = f"{draw.randrange(24):02d}:{draw.randrange(60):02d}:12.5"
        north = f"+{draw.randrange(60):02d}:{draw.randrange(60):02d}:07"
        shape = "2.5;1.1;40;12.5;11.9;10.1;9.5;9.2;22.1;Sb" if kind == "G" else "5;4;;9.5;9.1;;;;;"
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    into = tmp_path_factory.mktemp("catalogues")
    draw = random.Random(5)
    _write_openngc(into / "NGC.csv", draw)
    _write_stars(into / "stars.csv", draw)
    _write_planets(into / "planets.csv", draw)
    return into


@pytest.fixture(scope="module")
def built(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("examples") / "examples.jsonl"
    return build(Order(out, 25, 3, (folder,)), is_plain=True)


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

build(Order(Path(sys.argv[1]), 25, 3, (Path(sys.argv[2]),)), is_plain=True)
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
def test_a_build_that_was_killed_goes_on_and_ends_in_the_same_bytes(built, folder, tmp_path):
    out = tmp_path / "examples.jsonl"
    _kill_after(15, folder, out)
    assert not out.exists()
    went_on = build(Order(out, 25, 3, (folder,)), is_plain=True)
    assert went_on.gone_on_from >= 15
    assert out.read_bytes() == built.order.out.read_bytes()
    assert list(tmp_path.iterdir()) == [out]
    same = ("by_template", "with_code", "with_adql", "with_tools", "refused")
    assert [went_on.to_dict()[one] for one in same] == [built.to_dict()[one] for one in same]


@pytest.mark.slow
def test_every_category_has_its_share(built, rows):
    assert built.short() == {}
    assert {row["category"] for row in rows} == set(CATEGORIES)
    assert len(rows) == len({row["id"] for row in rows}) >= 25


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
