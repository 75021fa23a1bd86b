"""Federated averaging: near to central training, signed, and patient with late clients."""

import json
import math
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from starlette.testclient import TestClient
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import AccessError, ConflictError, InputError, NotFoundError, SourceError
from skywright.foundry import federate_rounds
from skywright.foundry.data.splits import Split
from skywright.foundry.federate import (
    Change,
    Plan,
    added,
    averaged,
    clipped,
    federated,
    federated_kind,
    norm,
    refuse_other_shapes,
)
from skywright.foundry.federate_http import Post, application
from skywright.foundry.federate_message import (
    Header,
    digest_of,
    packed,
    unpacked,
    write_files,
)
from skywright.foundry.federate_rounds import Coordinator, Rules, asking, take_part
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import recipe_of

FEATURES = [f"x{k}" for k in range(5)]
KEYS = {"kiruna": b"k" * 32, "svalbard": b"s" * 32, "perth": b"p" * 32}


class Logistic:
    """A whole kind in thirty lines: logistic regression by gradient steps."""

    def fit(self, run):
        params = {"steps": 20, "rate": 0.5, "proximal": 0.0} | run.recipe.params
        x, y = self.arrays(run.rows().train)
        first = self.weights(run.start) if run.start else {"w": np.zeros(x.shape[1])}
        w = first["w"].copy()
        for _ in range(params["steps"]):
            slope = x.T @ (1 / (1 + np.exp(-x @ w)) - y) / len(y)
            w -= params["rate"] * (slope + params["proximal"] * (w - first["w"]))
        self.put_weights(run.out, {"w": w})

    def load(self, folder):
        w = self.weights(folder)["w"]

        def predict(rows):
            x = np.array([[1.0, *(row[name] for name in FEATURES)] for row in rows])
            return [{"value": float(v)} for v in 1 / (1 + np.exp(-x @ w))]

        return predict

    def weights(self, folder):
        return {"w": np.array(json.loads((Path(folder) / "w.json").read_text(encoding="utf-8")))}

    def put_weights(self, folder, weights):
        (Path(folder) / "w.json").write_text(json.dumps(weights["w"].tolist()), encoding="utf-8")

    def arrays(self, table):
        x = np.column_stack([np.ones(table.height), table.select(FEATURES).to_numpy()])
        return x, table["y"].to_numpy()


KIND = Logistic()
TRUE = np.array([0.3, 2.0, -1.5, 1.0, 0.0, 0.5])


def rows_of(rng, rows, shift=0.0, weights=TRUE):
    x = rng.normal(shift, 1.0, (rows, 5))
    chance = 1 / (1 + np.exp(-(weights[0] + x @ weights[1:])))
    y = (rng.uniform(size=rows) < chance).astype(float)
    return pl.DataFrame(x, schema=FEATURES).with_columns(y=y)


def split_of(table):
    return Split(table, table.head(0), table.head(0))


def recipe(**params):
    return recipe_of({"name": "link-fault", "kind": "torch", "params": params}, "test")


def loss_of(folder, table):
    x, y = KIND.arrays(table)
    margin = x @ KIND.weights(folder)["w"]
    return float(np.mean(np.logaddexp(0, margin) - y * margin))


def test_one_step_of_every_client_is_one_step_of_central_training(tmp_path):
    # McMahan et al. (2017), section 2: with one local step FedAvg is gradient descent on all rows.
    rng = np.random.default_rng(1)
    parts = {name: rows_of(rng, rows) for name, rows in (("a", 50), ("b", 200), ("c", 350))}
    start = tmp_path / "start"
    start.mkdir()
    KIND.put_weights(start, {"w": np.zeros(6)})
    clients = {name: split_of(table) for name, table in parts.items()}
    federated(recipe(steps=1), clients, tmp_path / "f", Plan(7), kind=KIND, start=start)
    whole = {"all": split_of(pl.concat(parts.values()))}
    federated(recipe(steps=7), whole, tmp_path / "c", Plan(1), kind=KIND, start=start)
    ours, central = (KIND.weights(tmp_path / f / "model")["w"] for f in ("f", "c"))
    assert_allclose(ours, central, rtol=0, atol=1e-12)


def test_averaging_over_equal_clients_comes_close_to_central_training(tmp_path):
    rng = np.random.default_rng(2)
    parts = [rows_of(rng, 300) for _ in range(5)]
    clients = {f"c{k}": split_of(part) for k, part in enumerate(parts)}
    federated(recipe(steps=20), clients, tmp_path / "f", Plan(10), kind=KIND)
    whole = pl.concat(parts)
    federated(recipe(steps=200), {"all": split_of(whole)}, tmp_path / "c", Plan(1), kind=KIND)
    fresh = rows_of(rng, 5000)
    ours, theirs = (loss_of(tmp_path / f / "model", fresh) for f in ("f", "c"))
    assert abs(ours - theirs) < 0.01
    assert ours < math.log(2) - 0.2


def skewed(rng):
    """Four clients whose rows obey different laws: the common best is nobody's own."""
    laws = [TRUE + 2.5 * rng.normal(size=6) for _ in range(4)]
    return {f"c{k}": rows_of(rng, 150, weights=law) for k, law in enumerate(laws)}


def drift_of(tmp_path, parts, mu):
    clients = {name: split_of(table) for name, table in parts.items()}
    folder = tmp_path / f"mu{mu}"
    told = federated(
        recipe(steps=200, rate=0.5), clients, folder, Plan(12, proximal=mu, share=0.5), kind=KIND
    )
    whole = pl.concat(parts.values())
    spread = np.mean([one["spread"] for one in told])
    jump = np.mean([one["change"] for one in told[4:]])
    return spread, jump, loss_of(folder / "model", whole)


def test_the_proximal_term_steadies_clients_of_different_laws(tmp_path):
    # Li et al. (2020), section 5.3: with mu the changes stay closer to each other and the common
    # model swings less when only some of the clients take part.
    parts = skewed(np.random.default_rng(3))
    averaging, proximal = (drift_of(tmp_path, parts, mu) for mu in (0.0, 0.3))
    assert proximal[0] < 0.5 * averaging[0]
    assert proximal[1] < 0.5 * averaging[1]
    assert proximal[2] < averaging[2]


def test_a_share_of_the_clients_takes_part_and_the_judge_is_told(tmp_path):
    rng = np.random.default_rng(4)
    clients = {f"c{k}": split_of(rows_of(rng, 40)) for k in range(6)}
    fresh = rows_of(rng, 200)

    def judge(predict):
        told = [one["value"] for one in predict(fresh.to_dicts())]
        return {"accuracy": float(np.mean((np.array(told) > 0.5) == fresh["y"].to_numpy()))}

    told = federated(recipe(), clients, tmp_path, Plan(4, share=0.5), kind=KIND, judge=judge)
    assert [len(one["clients"]) for one in told] == [3, 3, 3, 3]
    assert len({tuple(one["clients"]) for one in told}) > 1
    assert told[-1]["accuracy"] > 0.75


def test_an_average_is_weighted_by_rows():
    changes = [Change({"w": np.array([1.0])}, 100), Change({"w": np.array([4.0])}, 300)]
    average, facts = averaged(changes, Plan(), np.random.default_rng(1))
    assert_allclose(average["w"], 3.25, rtol=0, atol=1e-15)
    assert facts["rows"] == 400


def test_counters_are_those_of_the_client_with_most_rows():
    changes = [
        Change({"n": np.array(7), "w": np.ones(1)}, 10),
        Change({"n": np.array(5), "w": np.ones(1)}, 20),
    ]
    average, _ = averaged(changes, Plan(), np.random.default_rng(1))
    assert (average["n"], average["n"].dtype.kind) == (5, "i")


def test_a_change_that_is_too_large_is_cut_to_the_norm_over_all_arrays():
    delta = {"a": np.array([3.0]), "b": np.array([[4.0]]), "n": np.array(9)}
    cut = clipped(delta, 1.0)
    assert_allclose(norm(cut), 1.0, rtol=0, atol=1e-12)
    assert_allclose(cut["a"], 0.6, rtol=0, atol=1e-12)
    assert (cut["n"], clipped(delta, 5.0)) == (9, delta)


def test_noise_has_the_deviation_that_is_stated():
    plan = Plan(clip=2.0, noise=0.5)
    changes = [Change({"w": np.zeros(20_000)}, 300), Change({"w": np.zeros(20_000)}, 100)]
    average, facts = averaged(changes, plan, np.random.default_rng(1))
    assert_allclose(average["w"].std(), 0.5 * 2.0 * 0.75, rtol=0.02)
    assert facts["change"] == 0.0


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(rounds=0), "rounds = 0"),
        (Plan(share=0.0), "share = 0.0"),
        (Plan(noise=1.0), "Noise without clip"),
        (Plan(clip=-1.0), "clip is above 0"),
    ],
)
def test_a_plan_that_means_nothing_is_refused(tmp_path, plan, said):
    with pytest.raises(InputError, match=said):
        federated(recipe(), {"a": split_of(rows_of(np.random.default_rng(1), 5))}, tmp_path, plan)
    assert list(tmp_path.iterdir()) == []


def test_kinds_without_weights_clients_without_rows_and_no_clients_are_refused(tmp_path):
    with pytest.raises(InputError, match="'neo-triage' cannot be averaged"):
        federated_kind("neo-triage")
    with pytest.raises(InputError, match="at least one client"):
        federated(recipe(), {}, tmp_path, kind=KIND)
    rows = rows_of(np.random.default_rng(1), 5)
    clients = {"a": split_of(rows), "b": split_of(rows.head(0))}
    with pytest.raises(InputError, match="no rows to learn from"):
        federated(recipe(), clients, tmp_path, kind=KIND)


def test_weights_that_do_not_fit_or_diverged_are_refused():
    with pytest.raises(InputError, match=r"\(2,\) in common, \(3,\) given"):
        refuse_other_shapes({"w": np.ones(2)}, {"w": np.ones(3)})
    with pytest.raises(InputError, match="missing given"):
        refuse_other_shapes({"w": np.ones(2)}, {})
    with pytest.raises(InputError, match="not finite"):
        refuse_other_shapes({"w": np.ones(2)}, {"w": np.array([1.0, np.nan])})


# Messages


def test_a_message_comes_back_as_it_was():
    arrays = {"layer.0": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array(3)}
    header = Header("update", "f", "kiruna", 4, "abc", 12.0, 1.5)
    told, found = unpacked(packed(header, arrays, KEYS["kiruna"]), KEYS)
    assert told == header
    assert digest_of(found) == digest_of(arrays)


@pytest.mark.parametrize("place", [0, 70, -1])
def test_a_message_that_was_changed_in_any_part_is_refused(place):
    content = bytearray(packed(Header("update", "f", "kiruna"), {"w": np.ones(9)}, KEYS["kiruna"]))
    content[place] ^= 1
    with pytest.raises((AccessError, InputError), match="changed on its way|no message"):
        unpacked(bytes(content), KEYS)


def test_a_message_by_a_stranger_or_in_anothers_name_is_refused():
    with pytest.raises(AccessError, match="unknown client"):
        unpacked(packed(Header("update", "f", "mallory"), {}, b"m" * 32), KEYS)
    with pytest.raises(AccessError, match="unknown client"):
        unpacked(packed(Header("update", "f", "kiruna"), {}, b"m" * 32), KEYS)


def test_pickles_are_neither_sent_nor_read():
    with pytest.raises(ValueError, match="allow_pickle"):
        packed(Header("update", "f", "kiruna"), {"w": np.array([{}])}, KEYS["kiruna"])


def test_noise_is_no_message_and_short_keys_are_refused():
    with pytest.raises(InputError, match="no message of a federation"):
        unpacked(b"\x00\xff" * 50, KEYS)
    with pytest.raises(InputError, match="has 5 bytes; it needs 16"):
        packed(Header("ask", "", "kiruna"), {}, b"short")


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "..\\evil"])
def test_files_that_lead_out_of_the_folder_are_not_written(tmp_path, name):
    with pytest.raises(InputError, match="outside of its folder"):
        write_files({"fine": np.zeros(1, np.uint8), name: np.zeros(1, np.uint8)}, tmp_path / "in")
    assert not (tmp_path / "in").exists()


# Store and forward


def begun(tmp_path, rules=None):
    start = tmp_path / "start"
    start.mkdir()
    KIND.put_weights(start, {"w": np.zeros(6)})
    return Coordinator.begin(
        tmp_path / "hub", recipe(steps=20), start, KEYS, kind=KIND, rules=rules or Rules(quorum=2)
    )


def answer_of(hub, client, tmp_path, seed=1, offer=None):
    split = split_of(rows_of(np.random.default_rng(seed), 80))
    return take_part(
        offer or hub.offer(client), client, KEYS[client], split, tmp_path / client, kind=KIND
    )


def test_rounds_by_messages_give_the_model_of_rounds_in_one_process(tmp_path):
    hub = begun(tmp_path)
    seeds = {"kiruna": 1, "svalbard": 2}
    for _ in range(3):
        for client, seed in seeds.items():
            hub.receive(answer_of(hub, client, tmp_path, seed))
        hub.close_round()
    clients = {c: split_of(rows_of(np.random.default_rng(s), 80)) for c, s in seeds.items()}
    federated(
        recipe(steps=20), clients, tmp_path / "one", Plan(3), kind=KIND, start=tmp_path / "start"
    )
    ours, theirs = (KIND.weights(f)["w"] for f in (hub.model, tmp_path / "one" / "model"))
    assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_an_answer_that_is_sent_again_is_refused(tmp_path):
    hub = begun(tmp_path)
    update = answer_of(hub, "kiruna", tmp_path)
    hub.receive(update)
    with pytest.raises(ConflictError, match="answered round 0 already"):
        hub.receive(update)
    hub.receive(answer_of(hub, "perth", tmp_path))
    hub.close_round()
    with pytest.raises(ConflictError, match="answered round 0 already"):
        hub.receive(update)


def test_a_round_waits_for_its_quorum_and_for_nobody_else(tmp_path):
    hub = begun(tmp_path)
    hub.receive(answer_of(hub, "kiruna", tmp_path))
    with pytest.raises(ConflictError, match="1 clients have answered round 0; 2 must"):
        hub.close_round()
    hub.receive(answer_of(hub, "perth", tmp_path))
    assert hub.close_round()["clients"] == ["kiruna", "perth"]
    assert hub.state["round"] == 1


def test_a_late_answer_counts_half_and_a_stale_one_is_refused(tmp_path):
    hub = begun(tmp_path, Rules(quorum=1))
    late, stale = (answer_of(hub, client, tmp_path) for client in ("svalbard", "perth"))
    hub.receive(answer_of(hub, "kiruna", tmp_path))
    hub.close_round()
    hub.receive(late)
    hub.receive(answer_of(hub, "kiruna", tmp_path))
    closed = hub.close_round()
    assert (closed["late"], closed["rows"]) == (["svalbard"], 80 + 40)
    with pytest.raises(ConflictError, match="is for round 0, and round 2 is under way"):
        hub.receive(stale)


def test_an_answer_to_another_model_or_federation_is_refused(tmp_path):
    hub = begun(tmp_path)
    header, delta = unpacked(answer_of(hub, "kiruna", tmp_path), KEYS)
    other = Header("update", header.federation, "kiruna", 0, "f" * 64, 80.0)
    with pytest.raises(InputError, match="began from another model"):
        hub.receive(packed(other, delta, KEYS["kiruna"]))
    foreign = Header("update", "another", "kiruna", 0, header.base, 80.0)
    with pytest.raises(InputError, match="no update of this federation"):
        hub.receive(packed(foreign, delta, KEYS["kiruna"]))
    future = Header("update", header.federation, "kiruna", 9, header.base, 80.0)
    with pytest.raises(InputError, match="another model than that of round 9"):
        hub.receive(packed(future, delta, KEYS["kiruna"]))
    endless = Header("update", header.federation, "kiruna", 0, header.base, math.inf)
    with pytest.raises(InputError, match="cannot be weighed"):
        hub.receive(packed(endless, delta, KEYS["kiruna"]))
    assert hub.state["answered"] == {}


def test_a_coordinator_that_was_stopped_goes_on_from_its_folder(tmp_path):
    hub = begun(tmp_path)
    hub.receive(answer_of(hub, "kiruna", tmp_path))
    again = Coordinator(tmp_path / "hub", KEYS, KIND)
    again.receive(answer_of(again, "perth", tmp_path))
    assert again.close_round()["clients"] == ["kiruna", "perth"]


def test_a_stop_between_model_and_state_counts_nothing_twice(tmp_path, monkeypatch):
    hub = begun(tmp_path)
    for client in ("kiruna", "perth"):
        hub.receive(answer_of(hub, client, tmp_path))
    monkeypatch.setattr(federate_rounds, "_write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hub.close_round()
    monkeypatch.undo()
    again = Coordinator(tmp_path / "hub", KEYS, KIND)
    assert again.close_round()["rows"] == 160
    with pytest.raises(ConflictError, match="0 clients have answered round 1"):
        again.close_round()


def test_an_offer_is_for_one_client_only(tmp_path):
    hub = begun(tmp_path)
    with pytest.raises(AccessError, match="no client 'mallory'"):
        hub.offer("mallory")
    with pytest.raises(AccessError, match="unknown client"):
        answer_of(hub, "perth", tmp_path, offer=hub.offer("kiruna"))


def test_a_folder_holds_one_federation_and_odd_names_are_refused(tmp_path):
    with pytest.raises(NotFoundError, match="no federation in"):
        Coordinator(tmp_path, KEYS, KIND)
    hub = begun(tmp_path)
    with pytest.raises(ConflictError, match="already"):
        Coordinator.begin(hub.folder, recipe(), tmp_path / "start", KEYS, kind=KIND)
    with pytest.raises(InputError, match="A client is named"):
        Coordinator.begin(
            tmp_path / "new", recipe(), tmp_path / "start", {"../x": b"k" * 32}, kind=KIND
        )


# HTTP


def post_to(hub, tmp_path, client="kiruna"):
    http = TestClient(application(hub), raise_server_exceptions=False)
    return Post("http://testserver", client, KEYS[client], tmp_path / f"out-{client}", http)


def test_a_round_over_http(tmp_path):
    hub = begun(tmp_path)
    for client in ("kiruna", "perth"):
        post = post_to(hub, tmp_path, client)
        post.keep(answer_of(hub, client, tmp_path, offer=post.fetch()))
        assert len(post.send()["sent"]) == 1
        assert list(post.outbox.glob("*.update")) == []
    assert hub.close_round()["rows"] == 160


def test_what_cannot_be_sent_is_kept_and_what_is_refused_is_put_aside(tmp_path):
    hub = begun(tmp_path)
    post = post_to(hub, tmp_path)
    update = answer_of(hub, "kiruna", tmp_path)
    post.keep(update)
    down = httpx.Client(transport=httpx.MockTransport(_unreachable))
    offline = Post(post.url, "kiruna", KEYS["kiruna"], post.outbox, down)
    assert len(offline.send()["kept"]) == 1
    with pytest.raises(SourceError, match="cannot be reached"):
        offline.fetch()
    assert len(post.send()["sent"]) == 1
    post.keep(update)
    assert len(post.send()["refused"]) == 1
    (reason,) = (post.outbox / "refused").glob("*.txt")
    assert "answered round 0 already" in reason.read_text(encoding="utf-8")


def _unreachable(_):
    message = "no route"
    raise httpx.ConnectError(message)


def test_old_requests_and_too_large_messages_are_refused(tmp_path, monkeypatch):
    hub = begun(tmp_path)
    asked = asking("", "kiruna", KEYS["kiruna"])
    monkeypatch.setattr(federate_rounds.time, "time", lambda: 1e12)
    http = TestClient(application(hub, most_bytes=1000))
    assert http.post("/offers", content=asked).status_code == 403
    assert http.post("/updates", content=b"x" * 2000).status_code == 429


def test_weights_keep_their_types():
    found = added({"w": np.ones(2, np.float32)}, {"w": np.full(2, 0.5)})
    assert found["w"].dtype == np.float32


@pytest.mark.slow
def test_nets_of_the_kind_torch_are_averaged(tmp_path):
    pytest.importorskip("torch")
    from skywright.foundry.kinds import torch as kind

    rng = np.random.default_rng(5)
    given = {
        "name": "link-fault",
        "kind": "torch",
        "target": "fault",
        "params": {"epochs": 3},
    }

    def table(rows):
        return (
            rows_of(rng, rows)
            .with_columns(
                fault=pl.when(pl.col("y") > 0.5).then(pl.lit("yes")).otherwise(pl.lit("no"))
            )
            .drop("y")
        )

    clients = {f"c{k}": Split(table(200), table(50), table(50)) for k in range(3)}
    fresh = table(400)

    def judge(predict):
        told = [one["label"] for one in predict(fresh.drop("fault").to_dicts())]
        return {"accuracy": float(np.mean(np.array(told) == fresh["fault"].to_numpy()))}

    told = federated(
        recipe_of(given, "test"), clients, tmp_path, Plan(4, proximal=0.01), kind=kind, judge=judge
    )
    assert told[-1]["accuracy"] > 0.75


@pytest.mark.slow
def test_a_federation_on_the_command_line_from_files_to_a_model_in_use(tmp_path):
    pytest.importorskip("torch")
    run = CommandLine(tmp_path)
    told = run("federate", "run", str(run.recipe), "--client", "north", "--client", "south",
               "--rounds", "2")  # fmt: skip
    assert (told["gate"], told["alias"], len(told["rounds"])) == ("passed", "champion", 2)
    hub = str(tmp_path / "hub")
    keys = ("--keys", str(run.keys))
    run("federate", "begin", str(run.recipe), hub, "--start", "link-fault", *keys)
    offer = str(tmp_path / "offer")
    run("federate", "offer", hub, "--client", "perth", *keys, "--out", offer)
    joined = run("federate", "join", "--client", "perth", "--key", str(run.key), "--data", "north",
                 "--offer", offer, "--outbox", str(tmp_path / "out"))  # fmt: skip
    run("federate", "receive", hub, joined["update"], *keys)
    closed = run("federate", "close", hub, *keys, "--judge", "south")
    assert (closed["round"], closed["clients"]) == (0, ["perth"])
    assert closed["metrics"]["accuracy"] > 0.7


class CommandLine:
    """Two datasets, a recipe, keys, and a way to run commands."""

    def __init__(self, folder):
        place, rng = Workplace.of(), np.random.default_rng(7)
        for name in ("north", "south"):
            named = pl.when(pl.col("y") > 0.5).then(pl.lit("yes")).otherwise(pl.lit("no"))
            table = rows_of(rng, 400).with_columns(fault=named).drop("y")
            place.datasets.register_table(name, table, source="file")
        self.recipe, self.keys, self.key = (
            folder / f for f in ("r.toml", "keys.json", "perth.key")
        )
        text = 'name = "link-fault"\nkind = "torch"\ntarget = "fault"\nparams = { epochs = 3 }\n'
        self.recipe.write_text(text + '[evaluate]\nmetrics = ["accuracy"]\n', encoding="utf-8")
        self.keys.write_text(json.dumps({"perth": KEYS["perth"].hex()}), encoding="utf-8")
        self.key.write_text(KEYS["perth"].hex(), encoding="utf-8")

    def __call__(self, *words):
        ran = CliRunner().invoke(app, [*words, "--json"])
        assert ran.exit_code == 0, (ran.output, ran.exception)
        return json.loads(ran.stdout)
