"""From a recipe to a model: a better one goes into use, a worse one is stored and kept back."""

import _thread
import json
import signal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import GateError, InputError, NotFoundError, SkywrightError
from skywright.foundry.gate import judge
from skywright.foundry.recipe import Recipe, recipe_of
from skywright.foundry.registry import hash_of
from skywright.foundry.training import Ask, finish, submit, train

RECIPE = Recipe(name="toy", kind="toy", title="A toy", metric="skill", needs=("data.txt",))


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "data.txt").write_text("1 2 3")
    return folder


def asked(skill, data, **more):
    given = {"name": "toy", "kind": "toy", "metric": "skill", "needs": ["data.txt"]}
    return Ask(recipe_of(given | {"params": {"skill": skill}} | more, "toy"), str(data))


@pytest.mark.usefixtures("toy")
def test_models_go_into_use_are_kept_back_and_carry_their_lineage(workplace, data):
    first = train(workplace, asked(0.7, data))
    folder = workplace.registry.champion("toy")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name == first.version == first.champion
    assert manifest["data"]["files"]["data.txt"] == hash_of(data / "data.txt")
    assert (manifest["metrics"], manifest["job_id"]) == ({"skill": 0.7}, first.job_id)
    worse = train(workplace, asked(0.6, data))
    assert (worse.gate, worse.champion) == ("kept back", first.version)
    with pytest.raises(GateError, match="is kept back"):
        worse.refuse_kept_back()
    better = train(workplace, asked(0.8, data))
    assert better.champion == better.version
    assert workplace.registry.rollback("toy") == first.version


@pytest.mark.usefixtures("toy")
def test_a_metric_that_is_no_number_keeps_the_model_back(workplace, data):
    outcome = train(workplace, asked("nan", data))
    assert (outcome.gate, outcome.metrics) == ("kept back", {"skill": None})


@pytest.fixture
def _heeds_interrupts():
    """A shell that starts something in the background has it ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("toy", "_heeds_interrupts")
def test_a_person_who_stops_a_training_cancels_its_job(workplace, data):
    def interrupt(_job, _event):
        _thread.interrupt_main()

    job = submit(workplace, asked(0.7, data))
    with pytest.raises(KeyboardInterrupt):
        finish(workplace, job, interrupt)
    assert workplace.queue.find(job.id).status in {"cancelled", "completed"}
    assert workplace.queue.claim("w", 60.0, workplace.offer) is None


@pytest.mark.usefixtures("toy")
def test_a_run_that_fails_leaves_no_model_behind(workplace, data):
    with pytest.raises(SkywrightError, match="failed: There was no convergence"):
        train(workplace, asked(None, data))
    assert workplace.registry.versions("toy") == []
    assert workplace.queue.list()[0].status == "failed"


@pytest.mark.usefixtures("toy")
def test_a_model_that_a_person_must_sign_waits(workplace, data):
    outcome = train(workplace, asked(0.7, data, deploy={"sign_off": True}))
    assert (outcome.gate, outcome.champion) == ("passed", None)


@pytest.mark.usefixtures("toy")
def test_an_unknown_licence_keeps_a_model_from_use_until_it_is_accepted(workplace, data):
    from skywright.foundry.data.licences import accept_licence, deployment_blocked

    outcome = train(workplace, asked(0.7, data, licence="my-own-licence"))
    assert (outcome.gate, outcome.champion) == ("passed", None)
    assert "accept-licence" in outcome.reason
    database, model = workplace.queue.database, f"toy@{outcome.version}"
    accept_licence(database, model, "my-own-licence", by="local", reason="I wrote it")
    assert deployment_blocked(database, model, ["my-own-licence"]) is None


def test_data_whose_licence_contradicts_the_models_keep_it_from_use(workplace, tmp_path):
    frame = pl.DataFrame({"x": range(90), "y": [k > 44 for k in range(90)]})
    record = workplace.datasets.register_table("rows", frame, source="x", licence="CC-BY-NC-4.0")
    given = {"name": "rows", "kind": "sklearn", "target": "y", "licence": "MIT"}
    given["params"] = {"estimator": "logistic_regression"}
    outcome = train(workplace, Ask(recipe_of(given, "rows"), record.id))
    assert (outcome.gate, outcome.champion) == ("passed", None)
    assert "commercial" in outcome.reason


@pytest.mark.usefixtures("toy")
def test_files_that_may_be_used_are_used_where_they_are_there(workplace, data):
    optional = {"needs": [], "may_use": ["data.txt", "more.txt"]}
    with_files = train(workplace, asked(0.7, data, **optional))
    manifest = json.loads((workplace.registry.champion("toy") / "manifest.json").read_text())
    assert list(manifest["data"]["files"]) == ["data.txt"]
    without = train(workplace, Ask(asked(0.8, data, **optional).recipe))
    manifest = json.loads((workplace.registry.champion("toy") / "manifest.json").read_text())
    assert (manifest["version"], manifest["data"]["files"]) == (without.version, {})
    assert with_files.version != without.version


@pytest.mark.usefixtures("toy")
def test_a_recipe_that_makes_its_data_leaves_a_folder_aside(workplace, data):
    outcome = train(workplace, asked(0.7, data, needs=[]))
    assert workplace.queue.find(outcome.job_id).config["data"] == ""


@pytest.mark.usefixtures("toy")
def test_what_is_missing_is_refused_before_a_job_exists(workplace, tmp_path):
    with pytest.raises(InputError, match=r"needs data\.txt under"):
        submit(workplace, asked(1, tmp_path))
    with pytest.raises(NotFoundError, match="no kind 'oracle'"):
        submit(workplace, asked(1, tmp_path, kind="oracle"))
    assert workplace.queue.list() == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"target": "gone"}, "no column 'gone'.*columns are x, y"),
        ({"features": ["z"]}, "no column 'z'"),
    ],
)
def test_a_missing_column_is_refused_before_a_job_exists(workplace, tmp_path, more, sentence):
    path = tmp_path / "rows.csv"
    pl.DataFrame({"x": [1, 2, 3], "y": [0, 1, 0]}).write_csv(path)
    recipe = recipe_of({"name": "rows", "kind": "sklearn", "target": "y"} | more, "rows")
    with pytest.raises(InputError, match=sentence):
        submit(workplace, Ask(recipe, str(path)))
    assert workplace.queue.list() == []


def test_a_file_is_data_only_for_those_at_this_machine(workplace, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,0\n")
    recipe = recipe_of({"name": "rows", "kind": "sklearn", "target": "y"}, "rows")
    with pytest.raises(NotFoundError, match="no dataset"):
        submit(workplace, Ask(recipe, str(path), paths=False))


def test_result_that_is_not_a_number_does_not_pass():
    assert not judge(RECIPE, {"skill": float("nan")}, {"skill": 0.1}).passed


@given(new=st.floats(-1, 1), old=st.floats(-1, 1), tolerance=st.floats(0, 0.5))
def test_gate_mirrors_when_the_direction_is_turned(new, old, tolerance):
    up = RECIPE.model_copy(update={"tolerance": tolerance})
    down = up.model_copy(update={"higher_is_better": False})
    assert (
        judge(up, {"skill": new}, {"skill": old}).passed
        == judge(down, {"skill": -new}, {"skill": -old}).passed
    )
