"""Language models: taught three ways, judged, asked, marked; nothing is asked of a hub."""

import json
import shutil
import socket

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError, MissingExtraError, NotFoundError, SourceError
from skywright.foundry.kinds import llm, llm_base, llm_load, llm_params, llm_watermark, tiny_base
from skywright.foundry.kinds.llm_data import Example
from skywright.foundry.kinds.llm_evaluation import Result, compared, most_frequent
from skywright.foundry.recipe import recipe_of

pytestmark = pytest.mark.slow

PARTS = ("wheel", "panel", "radio", "pump", "valve", "sensor")
REMEDIES = {
    "hot": "cool it down",
    "slow": "restart it",
    "dead": "replace it",
    "noisy": "tighten it",
}


def reports():
    return pl.DataFrame(
        [
            {"prompt": f"The {part} of unit {unit} is {fault}.", "completion": f"{remedy} {part}"}
            for part in PARTS
            for fault, remedy in REMEDIES.items()
            for unit in range(6)
        ]
    ).sample(fraction=1.0, shuffle=True, seed=1)


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """A base that has heard all words, made in a few seconds."""
    folder = tmp_path_factory.mktemp("bases")
    words = [text for row in reports().rows() for text in row]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny_base, "_STEPS", 60)
        return tiny_base.tiny_base(folder, words)


@pytest.fixture
def lesson(run_of, base):
    def make(method="lora", frame=None, name="model", **params):
        usual = {"base": str(base), "method": method, "epochs": 5, "learning_rate": 5e-3}
        if method == "full":
            usual["learning_rate"] = 2e-3
        rows = reports() if frame is None else frame
        target = "completion" if "completion" in rows.columns else ""
        return run_of("llm", target, frame=rows, name=name, drop=[], params=usual | params)

    return make


@pytest.fixture
def alone(monkeypatch):
    """No network at all."""

    def refuse(*_given):
        message = "the network was asked"
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def losses(run, name="loss"):
    lines = [json.loads(line) for line in run.log_path.read_text().splitlines()]
    return [line[name] for line in lines if name in line]


@pytest.fixture(scope="session")
def adapter(tmp_path_factory, base):
    """A taught adapter that several tests ask; the run is like those of `lesson`."""
    from skywright.foundry.data.splits import Split
    from skywright.foundry.run import Run

    root, rows = tmp_path_factory.mktemp("adapter"), reports()
    params = {"base": str(base), "method": "lora", "epochs": 15, "learning_rate": 5e-3}
    given = {"name": "ops", "kind": "llm", "target": "completion", "params": params}
    (root / "model").mkdir()
    run = Run(
        recipe=recipe_of(given, "a test"),
        data=root,
        out=root / "model",
        seed=1,
        log_path=root / "log.jsonl",
        split=Split(rows[:96], rows[96:120], rows[120:]),
    )
    return run, llm.fit(run)


def test_an_adapter_learns_what_its_base_does_not_know(adapter):
    run, told = adapter
    assert told["metric"] == "token_f1"
    assert told["token_f1"] > told["baseline"]["token_f1"] + 0.2
    assert told["perplexity"] < told["baseline"]["perplexity"]
    assert told["comparisons"]["baseline"]["by_metric"]["token_f1"]["low"] > 0
    assert losses(run)[-1] < losses(run)[0]
    assert set(told["others"]) == {"untaught base", "most frequent"}


def test_an_adapter_holds_its_small_base_and_no_pickle(adapter):
    run, _ = adapter
    names = {path.name for path in run.out.rglob("*") if path.is_file()}
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth", ".pkl"))]
    assert (run.out / "adapter" / "adapter_model.safetensors").stat().st_size < 400_000
    assert (run.out / "base" / "model.safetensors").is_file()
    assert str(run.out.parent) not in (run.out / "llm.json").read_text()
    assert str(run.out.parent) not in (run.out / "adapter" / "adapter_config.json").read_text()


def test_rows_are_answered_alike_alone_and_together(adapter):
    ask = llm.load(adapter[0].out)
    rows = [{"prompt": "The pump of unit 3 is slow."}, {"prompt": "The radio is hot."}]
    together = ask(rows)
    assert together == [ask([row])[0] for row in rows]
    tokenizer = llm_load.speaker_of(adapter[0].out).tokenizer
    assert [one["tokens"] for one in together] == [
        len(tokenizer.tokenize(one["text"])) for one in together
    ]
    assert ask([]) == []


@pytest.mark.parametrize("method", ["lora", "prompt"])
def test_losses_do_not_depend_on_the_company_of_a_row(lesson, method):
    run = lesson(method, steps=1)
    llm.fit(run)
    speaker = llm_load.speaker_of(run.out)
    rows = [
        speaker.writer.pair(ask, say) for ask, say in (("hot?", "cool it"), ("a slow pump", "a"))
    ]
    together, tokens = speaker.losses(rows)
    alone = [speaker.losses([row])[0][0] for row in rows]
    assert together == pytest.approx(alone, rel=1e-5)
    assert tokens.tolist() == [sum(one != -100 for one in row.labels) for row in rows]


def test_draws_follow_from_the_seed_of_the_row(adapter):
    ask = llm.load(adapter[0].out)
    row = {"prompt": "The pump", "temperature": 3.0, "max_new_tokens": 12, "seed": 5}
    first, again, other = ask([row, row, row | {"seed": 6}])
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({}, "Row 0 has no prompt"),
        ({"prompt": "a", "max_new_tokens": 0}, "max_new_tokens=0; it must be from 1 to 1024"),
        ({"prompt": "a", "temperature": "hot"}, "temperature='hot'"),
    ],
)
def test_a_wrong_row_is_refused(adapter, row, sentence):
    with pytest.raises(InputError, match=sentence):
        llm.load(adapter[0].out)([row])


def test_a_marked_text_is_found_and_another_is_not(adapter):
    folder, ask = adapter[0].out, llm.load(adapter[0].out)
    rows = [
        {"prompt": f"The {part}", "temperature": 3.0, "max_new_tokens": 40, "seed": seed}
        for part in PARTS
        for seed in range(5)
    ]
    told = [row | {"watermark": True} for row in rows]
    marked, plain = (
        llm_watermark.watermark_score(
            folder, " ".join(one["text"] for one in said), temperature=3.0
        )
        for said in (ask(told), ask(rows))
    )
    assert (marked.verdict, plain.verdict) == ("marked", "not marked")
    assert marked.p < 3e-5
    assert abs(plain.z) < 3
    assert llm.load(folder, watermark=True)(rows[:1]) == ask(told[:1])


@pytest.mark.parametrize("watermark", [False, True])
def test_of_a_text_with_one_right_answer_nothing_is_told(adapter, watermark):
    folder = adapter[0].out
    asks = [{"prompt": ask, "watermark": watermark} for ask in reports()["prompt"][:40]]
    said = " ".join(one["text"] for one in llm.load(folder)(asks))
    score = llm_watermark.watermark_score(folder, said, temperature=0.0)
    assert score.verdict == "undecidable"


def test_the_share_to_expect_runs_from_chance_to_the_bias_as_a_text_gets_freer():
    import torch

    forced, free = torch.tensor([[99.0] + [0.0] * 999]), torch.zeros(1, 1000)
    odds = np.exp(llm_watermark.BIAS)
    for heat, most in ((1.0, odds * 0.25 / (1.0 + (odds - 1.0) * 0.25)), (0.0, 1.0)):
        assert llm_watermark._green(forced, heat).item() == pytest.approx(0.25, abs=1e-4)
        assert llm_watermark._green(free, heat).item() == pytest.approx(most, rel=5e-3)


def test_a_short_text_tells_no_mark(adapter):
    with pytest.raises(InputError, match="too short to tell"):
        llm_watermark.watermark_score(adapter[0].out, "hot")


def test_a_changed_base_is_refused(adapter, tmp_path):
    copy = shutil.copytree(adapter[0].out, tmp_path / "copy")
    config = copy / "base" / "config.json"
    config.write_text(config.read_text().replace('"eos_token_id": 0', '"eos_token_id": 1'))
    with pytest.raises(InputError, match="not the one this adapter was made for"):
        llm.load(copy)


def test_a_lost_base_is_named(adapter, tmp_path, monkeypatch):
    copy = shutil.copytree(adapter[0].out, tmp_path / "copy")
    card = json.loads((copy / "llm.json").read_text())
    card["base"]["source"] = str(tmp_path / "gone")
    (copy / "llm.json").write_text(json.dumps(card))
    with pytest.raises(NotFoundError, match="gone of this adapter is no longer there"):
        llm.load(copy)


def test_an_adapter_is_taught_on(lesson, adapter):
    from dataclasses import replace

    run = replace(lesson(epochs=1), start=adapter[0].out)
    llm.fit(run)
    assert losses(run)[0] < losses(adapter[0])[0] / 2


@pytest.mark.parametrize("method", ["lora", "full"])
def test_teaching_on_keeps_the_tiny_base_whose_words_the_model_knows(lesson, monkeypatch, method):
    from dataclasses import replace

    monkeypatch.setattr(tiny_base, "_STEPS", 3)
    first = lesson(method, base="tiny", steps=1, frame=reports()[:60])
    llm.fit(first)
    second = lesson(method, base="tiny", steps=1, frame=reports()[60:], name="second")
    llm.fit(replace(second, start=first.out))
    assert (second.out / "tokenizer.json").read_text() == (first.out / "tokenizer.json").read_text()
    assert len(list((second.data / "bases").iterdir())) == 1


def test_an_adapter_of_another_base_is_no_start(lesson, adapter, monkeypatch, tmp_path):
    from dataclasses import replace

    monkeypatch.setattr(tiny_base, "_STEPS", 3)
    other = tiny_base.tiny_base(tmp_path / "bases", ["hot", "slow"])
    with pytest.raises(InputError, match="made for another base"):
        llm.fit(replace(lesson(base=str(other)), start=adapter[0].out))


def test_weights_can_be_taken_and_given(adapter, tmp_path):
    copy = shutil.copytree(adapter[0].out, tmp_path / "copy")
    taken = llm.weights(copy)
    llm.put_weights(copy, {name: 0 * one for name, one in taken.items()})
    row = {"prompt": "The pump of unit 3 is slow."}
    assert llm.load(copy)([row]) != llm.load(adapter[0].out)([row])
    llm.put_weights(copy, taken)
    assert llm.load(copy)([row]) == llm.load(adapter[0].out)([row])
    with pytest.raises(InputError, match="not those of the model"):
        llm.put_weights(copy, dict(list(taken.items())[1:]))


def test_an_adapter_is_opened_and_asked_with_no_network(adapter, alone, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert llm.load(adapter[0].out)([{"prompt": "The pump of unit 3 is slow."}])[0]["tokens"] > 0


def test_the_whole_model_learns_with_no_network(lesson, alone):
    run = lesson("full")
    told = llm.fit(run)
    assert told["exact_match"] > told["baseline"]["exact_match"]
    assert llm.load(run.out)([{"prompt": "The pump of unit 3 is slow."}])[0]["text"]
    assert {"model.safetensors", "tokenizer.json", "signature.json"} <= {
        path.name for path in run.out.iterdir()
    }
    assert not (run.out / "base").exists()


def test_a_tuned_prompt_is_small_and_lowers_the_loss(lesson):
    run = lesson("prompt", learning_rate=3e-2, prompt_tokens=8)
    told = llm.fit(run)
    assert losses(run)[-1] < losses(run)[0]
    assert told["loss"] < told["baseline"]["loss"]
    assert (run.out / "adapter" / "adapter_model.safetensors").stat().st_size < 4096
    assert "Prompt tuning hardly works" in run.log_path.read_text()
    text = llm.load(run.out)([{"prompt": "The pump of unit 3 is slow."}])[0]["text"]
    assert "unit" not in text


def test_conversations_teach_and_are_asked(lesson):
    rows = reports()[:60]
    talks = [
        [{"role": "user", "content": ask}, {"role": "assistant", "content": say}]
        for ask, say in rows.rows()
    ]
    run = lesson(frame=pl.DataFrame({"messages": talks}), epochs=2)
    told = llm.fit(run)
    assert told["loss"] < told["baseline"]["loss"]
    ask = llm.load(run.out)
    question = {"role": "user", "content": "The pump is hot."}
    assert ask([{"prompt": "The pump is hot."}]) == ask([{"messages": [question]}])


def test_plain_text_is_judged_by_perplexity_and_may_be_packed(lesson):
    run = lesson(frame=reports().select(text="prompt"), epochs=1, packing=True, max_length=64)
    told = llm.fit(run)
    assert told["metric"] == "perplexity"
    assert told["perplexity"] == pytest.approx(np.exp(told["loss"]))
    assert "exact_match" not in told
    line = json.loads(run.log_path.read_text().splitlines()[0])
    assert line["blocks"] < line["rows"] / 2


def test_a_tiny_base_is_made_below_the_run(lesson, monkeypatch):
    monkeypatch.setattr(tiny_base, "_STEPS", 3)
    run = lesson(base="tiny", steps=2)
    before = set(run.data.iterdir())
    llm.fit(run)
    assert {path.name for path in set(run.data.iterdir()) - before} == {"bases", "model.jsonl"}
    assert json.loads((run.out / "llm.json").read_text())["base"]["name"] == "tiny"


def test_equal_texts_make_equal_tiny_bases(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny_base, "_STEPS", 3)
    one = tiny_base.tiny_base(tmp_path / "one", ["the pump is hot"])
    two = tiny_base.tiny_base(tmp_path / "two", ["the pump is hot", " "])
    assert one.name == two.name
    assert llm_base.fingerprint(one) == llm_base.fingerprint(two)
    assert tiny_base.tiny_base(tmp_path / "one", ["hot"]).name != one.name


def test_a_tiny_base_needs_a_text(tmp_path):
    with pytest.raises(InputError, match="at least one text"):
        tiny_base.tiny_base(tmp_path, [" "])


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"method": "dora"}, "full, lora, qlora, prompt, not 'dora'"),
        ({"lora_rank": 3}, "no parameter lora_rank"),
        ({"batch_size": 0}, "batch_size is a whole number of at least 1, not 0"),
        ({"epochs": 0}, "epochs is above 0"),
        ({"learning_rate": -1.0}, "learning_rate is a number of at least 0"),
        ({"base": ""}, "names no params.base"),
        ({"schedule": "zigzag"}, "cosine, linear, constant, not 'zigzag'"),
        ({"lora_targets": ["nothing"]}, "no layers for an adapter"),
    ],
)
def test_a_wrong_parameter_is_refused_in_a_sentence(lesson, params, sentence):
    with pytest.raises(InputError, match=sentence):
        llm.fit(lesson(**params))


def test_four_bits_without_their_library_name_the_extra(lesson, monkeypatch):
    monkeypatch.setattr(llm_params, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'skywright\[qlora\]'"):
        llm.fit(lesson("qlora"))


def test_a_base_that_is_no_folder_is_named(lesson):
    with pytest.raises(NotFoundError, match="/nowhere/model is not a folder"):
        llm.fit(lesson(base="/nowhere/model"))


def test_weights_in_a_pickle_are_refused(lesson, base, tmp_path):
    copy = shutil.copytree(base, tmp_path / "pickled")
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(InputError, match="no weights in safetensors"):
        llm.fit(lesson(base=str(copy)))


def test_a_hub_that_cannot_be_reached_is_told(lesson, monkeypatch):
    with llm_base.offline(on=True), pytest.raises(SourceError, match="cannot be had from the hub"):
        llm.fit(lesson(base="nobody/nothing"))


def test_the_baseline_is_the_stronger_of_the_others():
    def result(name, exact, nats):
        values = np.array(exact, float)
        return Result(name, nats, np.array([2.0, 2.0]), values, values)

    ours = result("ours", [1, 1], np.array([1.0, 1.0]))
    told = compared(
        ours, [result("base", [0, 0], np.array([4.0, 4.0])), result("common", [1, 0], None)], 1
    )
    assert told["baseline"]["exact_match"] == 0.5
    assert (told["loss"], told["baseline"]["loss"]) == (0.5, 2.0)
    assert told["comparisons"]["baseline"]["by_metric"]["loss"]["high"] == pytest.approx(-1.5)


def test_the_commonest_completion_is_an_opponent():
    train = [Example((), (), "a", text) for text in ("cool", "stop", "stop")]
    test = [Example((), (), "b", "Stop"), Example((), (), "c", "cool")]
    assert most_frequent(train, test, 9).exact.tolist() == [1.0, 0.0]
    assert most_frequent([Example((), ())], test, 9) is None
