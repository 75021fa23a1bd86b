"""Every model that ships answers rows as any model of the foundry does, with what it asks for."""

import json

import pytest

from skywright.foundry.kind import SIGNATURE, kind_named
from skywright.foundry.recipe import load_recipe, recipe_names
from skywright.foundry.registry import packaged

ROW = {
    "epoch_jd_tdb": 2461000.5,
    "a_au": 0.9224,
    "e": 0.1914,
    "i_deg": 3.34,
    "node_deg": 204.0,
    "peri_deg": 126.6,
    "h_mag": 19.7,
    "albedo": 0.2,
}


@pytest.mark.parametrize("name", [name for name in recipe_names() if name.startswith("neo-")])
def test_a_shipped_model_answers_rows_of_its_signature(name):
    folder = packaged(name)
    signature = json.loads((folder / SIGNATURE).read_text(encoding="utf-8"))
    row = {column["name"]: ROW.get(column["name"]) for column in signature["inputs"]}
    predict = kind_named(load_recipe(name).kind).load(folder)
    answers = predict([row, row])
    assert len(answers) == 2
    assert answers[0] == answers[1]
    if signature["classes"]:
        assert set(answers[0]["probabilities"]) == set(signature["classes"])
        assert sum(answers[0]["probabilities"].values()) == pytest.approx(1.0)
