"""A recipe that no task can be judged by is refused before it is trained."""

import pytest

from skywright.errors import InputError
from skywright.foundry.evaluate.checking import check_evaluate
from skywright.foundry.recipe import load_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_ships_can_be_judged(name):
    check_evaluate(load_recipe(name))


@pytest.mark.parametrize(
    ("evaluate", "told"),
    [
        ({"gate": "auc is good"}, "'auc is good' cannot be read"),
        ({"metrics": ["auc", "rmse"]}, "are those of no one task.*binary: auc"),
        ({"baseline": ["dummy"]}, "names 'dummy'; trivial baselines are prior"),
    ],
)
def test_what_no_task_knows_is_refused(toy, evaluate, told):
    with pytest.raises(InputError, match=told):
        check_evaluate(toy.recipe(evaluate))


def test_kind_that_judges_itself_may_name_metrics_of_its_own(toy):
    check_evaluate(
        toy.recipe({"metrics": ["mean_eclipse_margin"], "baseline": ["random"]}, target="")
    )
