"""A kind of a third party, installed through the entry points in a folder of its own."""

from dataclasses import replace

import pytest

from skywright.foundry.jobs.job import Slots
from skywright.foundry.jobs.workplace import Workplace
from skywright.settings import get_settings

TOY = '''
"""Learns a number: that of the recipe."""

import json

from skywright.errors import InputError


def fit(run):
    skill = run.recipe.params["skill"]
    if skill is None:
        raise InputError("There was no convergence.")
    skill = float(skill)
    run.log(step=1, skill=skill)
    (run.out / "model.json").write_text(json.dumps({"skill": skill}))
    return {"skill": skill, "baseline": {"name": "guess", "skill": 0.0}}


def load(folder):
    skill = json.loads((folder / "model.json").read_text())["skill"]
    return lambda rows: [{"value": skill} for _ in rows]
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Install the kind ``toy``."""
    packages = tmp_path / "packages"
    meta = packages / "toy-1.0.dist-info"
    meta.mkdir(parents=True)
    (packages / "toy_kind.py").write_text(TOY, encoding="utf-8")
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[skywright.kinds]\ntoy = toy_kind\n")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.syspath_prepend(str(packages))
    return packages


@pytest.fixture
def workplace():
    """A workplace in the data folder of the test; attempts start cold, for there are few."""
    place = replace(Workplace.of(get_settings()), offer=Slots(cpus=8), warm=False)
    yield place
    place.close()
    place.queue.database.close()
