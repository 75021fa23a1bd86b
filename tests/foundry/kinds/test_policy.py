"""Policies: learning, resuming to the last bit, exporting, judging, and what is refused."""

import hashlib
import json
import subprocess
import sys
import types
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from safetensors.numpy import load_file  # noqa: TID253

from skywright.errors import InputError, NotFoundError
from skywright.foundry.gate import judge_report
from skywright.foundry.kinds import policy, policy_environment, policy_returns
from skywright.foundry.onnx_model import load_onnx
from skywright.foundry.recipe import recipe_of
from skywright.foundry.run import Run

gymnasium = pytest.importorskip("gymnasium")
Box, Dict, Discrete = gymnasium.spaces.Box, gymnasium.spaces.Dict, gymnasium.spaces.Discrete

QUICK = {"total_steps": 1200, "environments": 2, "n_steps": 32, "batch_size": 32, "layers": [8]}
SAC = {"algorithm": "sac", "total_steps": 400, "learning_starts": 50, "layers": [8]}


class Corridor(gymnasium.Env):
    """A walk on a line of seven places, from the middle; the right end is the good one."""

    def __init__(self, numbers=True, acts="choice", wind=0.0):
        self.observation_space = Box(-1, 1, (1, 2), np.float32) if numbers else Discrete(7)
        self.action_space = Discrete(2) if acts == "choice" else Box(-2, 2, (1, 1))
        self.wind, self.place = wind, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = 0
        return self._seen(), {}

    def step(self, action):
        right = action == 1 if isinstance(self.action_space, Discrete) else action[0][0] > 0
        blown = self.np_random.random() < self.wind
        self.place += 1 if bool(right) != blown else -1
        return self._seen(), float(self.place == 3), abs(self.place) == 3, False, {}

    def _seen(self):
        if isinstance(self.observation_space, Discrete):
            return self.place + 3
        return np.array([[self.place / 3, 1.0]], np.float32)


gymnasium.register("Corridor-v0", Corridor, max_episode_steps=20)


class BrokenOffError(Exception):
    """Stands for a power cut."""


@pytest.fixture
def walk(tmp_path):
    def make(name="model", params=QUICK, env="Corridor-v0", **keys):
        (tmp_path / name).mkdir(exist_ok=True)
        given = {"name": "walker", "kind": "policy", "env": env, "params": params}
        return Run(
            recipe=recipe_of(given, "a recipe of a test"),
            data=tmp_path,
            out=tmp_path / name,
            seed=1,
            log_path=tmp_path / f"{name}.jsonl",
            checkpoints=tmp_path / f"{name}-checkpoints",
            **keys,
        )

    return make


def digest(run, name="policy.safetensors"):
    return hashlib.sha256((run.out / name).read_bytes()).hexdigest()


@pytest.mark.slow
def test_ppo_learns_to_walk_to_the_good_end(walk):
    run = walk(params=QUICK | {"total_steps": 4000, "environment": {"wind": 0.1}})
    told = policy.fit(run)
    assert told["mean_return"] > 0.8 > told["baseline"]["mean_return"]
    assert told["mean_return_low"] <= told["mean_return"] <= told["mean_return_high"]
    assert told["comparisons"]["baseline"]["by_metric"]["mean_return"]["low"] > 0
    curve = [json.loads(line) for line in run.log_path.read_text().splitlines()]
    assert curve[-1]["mean_return"] > curve[0]["mean_return"]


@pytest.mark.slow
def test_a_pole_is_balanced_longer_than_by_chance_and_the_gate_sees_it(walk, capfd):
    params = {"total_steps": 6144, "environments": 2, "n_steps": 128, "episodes": 10}
    run = walk(params=params, env="CartPole-v1")
    told = policy.fit(run)
    assert told["mean_return"] > 60 > told["baseline"]["mean_return"]
    report = {"metric": told["metric"], "metrics": told, "baseline": told["baseline"]}
    verdict = judge_report(run.recipe, report | {"comparisons": told["comparisons"]})
    assert verdict.passed, verdict.reason
    told["mean_return"] = told["baseline"]["mean_return"] - 1
    assert not judge_report(run.recipe, report).passed
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_pendulum_is_pushed_by_numbers_within_its_range(walk):
    run = walk(params=SAC | {"episodes": 2}, env="Pendulum-v1")
    told = policy.fit(run)
    assert (told["mean_length"], told["onnx_agreement"]) == (200.0, 1.0)
    rows = [{"observation": [1.0, 0.0, speed]} for speed in (-8.0, 0.0, 8.0)]
    pushes = [answer["action"][0] for answer in policy.load(run.out)(rows)]
    assert all(-2 <= push <= 2 for push in pushes)
    assert len(set(pushes)) == 3


@pytest.mark.parametrize(
    "params", [QUICK, SAC | {"environment": {"acts": "numbers"}}], ids=["ppo", "sac"]
)
def test_a_resumed_run_ends_in_the_same_weights(walk, params, monkeypatch):
    whole, broken = walk("whole", params), walk("broken", params)
    policy.fit(whole)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "checkpoint", _cut_after_first(Run.checkpoint))
        with pytest.raises(BrokenOffError, match="power"):
            policy.fit(broken)
    assert broken.resume() is not None
    policy.fit(broken)
    assert "resumed" in broken.log_path.read_text()
    assert digest(broken) == digest(whole)
    assert digest(broken, "model.onnx") == digest(whole, "model.onnx")


def _cut_after_first(checkpoint):
    def cut(self, step):
        if self.resume() is not None:
            message = "power cut"
            raise BrokenOffError(message)
        return checkpoint(self, step)

    return cut


@pytest.mark.parametrize("numbers", [True, False], ids=["numbers", "state"])
@pytest.mark.parametrize("acts", ["choice", "numbers"])
def test_the_export_acts_as_the_original(walk, numbers, acts):
    run = walk(params=QUICK | {"environment": {"numbers": numbers, "acts": acts}})
    assert policy.fit(run)["onnx_agreement"] == 1.0
    told = json.loads((run.out / "onnx.json").read_text())
    assert told["agrees"]
    assert told["labels_equal"] == 1.0
    assert told["rows"] >= 60


def test_sac_exports_what_it_does(walk):
    run = walk(params=SAC | {"environment": {"acts": "numbers"}})
    policy.fit(run)
    assert json.loads((run.out / "onnx.json").read_text())["max_abs_error"] < 1e-5
    action = policy.load(run.out)([{"observation": [0.0, 1.0]}])[0]["action"]
    assert np.shape(action) == (1, 1)
    assert -2 <= action[0][0] <= 2


def test_rows_are_answered_without_torch(walk):
    run = walk(params=QUICK | {"total_steps": 64})
    policy.fit(run)
    asks = (
        "import sys; from pathlib import Path; from skywright.foundry.kinds.policy import load;"
        "print(load(Path(sys.argv[1]))([{'observation': [0.0, 1.0]}]));"
        "assert not {'torch', 'gymnasium', 'stable_baselines3'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asks, run.out], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("[{'action': ")


def test_rows_are_answered_alike_one_by_one_and_in_batches(walk):
    run = walk()
    policy.fit(run)
    rows = [{"observation": [place / 3, 1.0]} for place in range(-2, 3)]
    answers = load_onnx(run.out)(rows)
    assert {answer["action"] for answer in answers} <= {0, 1}
    assert [policy.load(run.out)([row])[0] for row in rows] == answers
    assert policy.load(run.out)([]) == []


@pytest.mark.parametrize("value", [[0.0], [0.0, None], "left", None])
def test_a_wrong_observation_is_refused(walk, value):
    run = walk(params=QUICK | {"total_steps": 64})
    policy.fit(run)
    with pytest.raises(InputError, match="Row 0 has .* observation .*2 numbers"):
        policy.load(run.out)([{"observation": value}])


def test_learning_on_begins_with_the_older_policy(walk):
    first = walk("first")
    policy.fit(first)
    second = walk("second", params=QUICK | {"learning_rate": 1e-12}, start=first.out)
    policy.fit(second)

    old, new = (
        load_file(first.out / "policy.safetensors"),
        load_file(second.out / "policy.safetensors"),
    )
    assert all(np.allclose(old[name], new[name], rtol=0, atol=1e-6) for name in old)


def test_learning_on_with_other_layers_is_refused(walk):
    first = walk("first", params=QUICK | {"total_steps": 64})
    policy.fit(first)
    other = walk("other", params=QUICK | {"layers": [4]}, start=first.out)
    with pytest.raises(InputError, match="its layers are others"):
        policy.fit(other)


def test_episodes_that_judge_are_the_same_for_every_policy(walk):
    run = walk(params=QUICK | {"environment": {"wind": 0.4}})
    first = policy_returns.play(run, 5, lambda env: lambda _: 1)
    again = policy_returns.play(run, 5, lambda env: lambda _: 1)
    assert first.lengths.tolist() == again.lengths.tolist()
    assert len(set(first.lengths)) > 1


# Student (1908): for 0, 2, 4 the mean is 2, s = 2, and t(0.975, 2) = 4.302653.
def test_the_interval_is_that_of_student():
    mean, low, high = policy_returns.interval(np.array([0.0, 2.0, 4.0]))
    assert (mean, high - mean) == (2.0, pytest.approx(4.302653 * 2 / np.sqrt(3), abs=1e-5))
    assert mean - low == pytest.approx(high - mean)


def test_checkpoints_leave_room_for_whole_episodes(walk):
    from skywright.foundry.kinds.policy_plan import Plan

    plan = Plan.of(walk())
    assert plan.stretch(1, longest=20) == 192  # 4 x 20 x 2 = 160, in rollouts of 64
    assert plan.stretch(10, longest=20) == 1024


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"algorithm": "dqn"}, "ppo or sac, not 'dqn'"),
        ({"gama": 0.9}, "PPO has no parameter gama"),
        ({"total_steps": 0}, "total_steps is a whole number of at least 1, not 0"),
        ({"layers": "64"}, r"list of widths such as \[64, 64\], not '64'"),
        ({"activation": "gelu"}, "tanh or relu, not 'gelu'"),
        ({"algorithm": "sac"}, "SAC acts by numbers"),
        ({"clip_range": "wide"}, "refuses the parameters"),
        ({"environment": {"storm": 1}}, "could not be made"),
    ],
)
def test_a_wrong_parameter_is_refused_in_a_sentence(walk, params, sentence):
    with pytest.raises(InputError, match=sentence):
        policy.fit(walk(params={"total_steps": 64} | params))


def test_an_unknown_environment_names_the_nearest(walk):
    with pytest.raises(NotFoundError, match="no environment 'Coridor-v0'.*Corridor-v0"):
        policy.fit(walk(env="Coridor-v0"))


def test_an_environment_of_a_module_is_found(walk, monkeypatch):
    monkeypatch.setitem(sys.modules, "hangar", types.ModuleType("hangar"))
    with policy_environment.environment(walk(env="hangar:Corridor-v0").recipe) as env:
        assert isinstance(env.unwrapped, Corridor)


def test_an_environment_of_a_package_is_found(walk, monkeypatch):
    offered = EntryPoint("offered-corridor", "nowhere", policy_environment.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _: Corridor)
    monkeypatch.setattr(policy_environment, "entry_points", lambda group: [offered])
    with policy_environment.environment(walk(env="offered-corridor").recipe) as env:
        assert isinstance(env.unwrapped, Corridor)
    gymnasium.registry.pop("offered-corridor")


@pytest.mark.parametrize(
    ("space", "side"), [(Dict({}), "observation"), (Discrete(3, start=1), "action")]
)
def test_spaces_that_cannot_be_exported_are_refused(space, side):
    env = Corridor()
    setattr(env, f"{side}_space", space)
    with pytest.raises(InputError, match="cannot be learned for"):
        policy_environment.spaces_of(env, "Corridor")
