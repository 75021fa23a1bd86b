"""Rows as tokens: what is to be said, what is cut, what shares a block."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.kinds.llm_data import (
    SILENT,
    Example,
    Layout,
    Writer,
    examples,
    fitted,
    packed,
    words_of,
)
from skywright.foundry.recipe import recipe_of

END = 0


class Letters:
    """A tokenizer whose tokens are letters."""

    bos_token_id = None
    eos_token_id = END

    def __call__(self, text, **_given):
        return {"input_ids": [END if letter == "$" else ord(letter) for letter in text]}

    def apply_chat_template(self, messages, *, tokenize, add_generation_prompt):
        told = "".join(
            f"{one['role'][0]}:{one['content']}{'$' if one['role'] == 'assistant' else ''}\n"
            for one in messages
        )
        return told + ("a:" if add_generation_prompt else "")


class Rewriting(Letters):
    """A template that forgets all but the last question."""

    def apply_chat_template(self, messages, *, tokenize, add_generation_prompt):
        return super().apply_chat_template(
            messages[-1:], tokenize=tokenize, add_generation_prompt=add_generation_prompt
        )


def told(ids):
    return "".join("$" if one == END else chr(one) for one in ids if one != SILENT)


def layout_of(frame, **keys):
    return Layout.of(recipe_of({"name": "ops", "kind": "llm", **keys}, "a test"), frame)


PAIRS = pl.DataFrame({"prompt": ["hot?", "slow?"], "completion": ["cool", "restart"]})
TALK = [
    {"role": "user", "content": "hot?"},
    {"role": "assistant", "content": "cool"},
    {"role": "user", "content": "still"},
    {"role": "assistant", "content": "stop"},
]


def test_the_loss_counts_the_completion_and_its_end():
    one = examples(PAIRS, layout_of(PAIRS), Writer(Letters(), "\n", chat=False))[0]
    assert told(one.ids) == "hot?\ncool$"
    assert told(one.labels) == "cool$"
    assert (one.prompt, one.answer) == ("hot?", "cool")


def test_a_conversation_counts_every_answer_and_nothing_else():
    one = Writer(Letters(), "", chat=True).conversation(TALK)
    assert told(one.ids) == "u:hot?\na:cool$\nu:still\na:stop$\n"
    assert told(one.labels) == "cool$\nstop$\n"
    assert one.answer == "stop"


def test_serving_writes_a_prompt_as_training_did():
    chat = Writer(Letters(), "", chat=True)
    whole = chat.conversation(TALK)
    assert told(whole.ids).startswith(told(chat.asked({"messages": TALK[:-1]})))
    assert chat.asked({"prompt": "hot?"}) == chat.asked({"messages": TALK[:1]})
    plain = Writer(Letters(), "\n", chat=False)
    assert told(plain.pair("hot?", "cool").ids).startswith(told(plain.asked({"prompt": "hot?"})))


def test_messages_may_be_json_text():
    frame = pl.DataFrame({"messages": [json.dumps(TALK)]})
    made = examples(frame, layout_of(frame), Writer(Letters(), "", chat=True))
    assert made == [Writer(Letters(), "", chat=True).conversation(TALK)]


def test_plain_text_is_to_be_said_whole():
    frame = pl.DataFrame({"text": ["all is well"]})
    one = examples(frame, layout_of(frame), Writer(Letters(), "", chat=False))[0]
    assert told(one.labels) == told(one.ids) == "all is well$"


def test_target_and_features_name_other_columns():
    frame = PAIRS.rename({"prompt": "report", "completion": "action"})
    layout = layout_of(frame, target="action", features=["report"])
    assert (layout.form, layout.prompt, layout.answer) == ("pairs", "report", "action")


def test_rows_without_an_answer_are_left_out():
    frame = pl.DataFrame({"prompt": ["a", None, "c"], "completion": ["x", "y", None]})
    made = examples(frame, layout_of(frame), Writer(Letters(), "", chat=False))
    assert [one.prompt for one in made] == ["a"]


def test_a_tiny_base_hears_words_and_not_which_belong_together():
    assert words_of(PAIRS, layout_of(PAIRS)) == ["cool", "hot?", "restart", "slow?"]


tokens = st.lists(st.integers(1, 9), max_size=30)


@given(tokens, st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(2, 40))
def test_a_shortened_row_keeps_the_end_of_the_prompt_next_to_the_answer(asked, said, most):
    whole = Example((*asked, *said), (*([SILENT] * len(asked)), *said))
    cut = fitted(whole, most)
    assert len(cut.ids) == min(most, len(whole.ids))
    kept = [label for label in cut.labels if label != SILENT]
    assert kept == said[: min(most, len(said))]
    place = 0 if len(whole.ids) <= most else len(asked) - (len(cut.ids) - len(kept))
    assert cut.ids == whole.ids[place : place + len(cut.ids)]


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=8), min_size=1), st.integers(8, 20)
)
def test_packing_loses_no_token_and_fills_no_block_too_far(rows, most):
    blocks = packed([Example(tuple(row), tuple(row)) for row in rows], most)
    assert [one for block in blocks for one in block.ids] == [one for row in rows for one in row]
    assert all(len(block.ids) <= most for block in blocks)
    heard = [one for block in blocks for one in block.labels]
    assert heard.count(SILENT) == len(rows)


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (pl.DataFrame({"question": ["a"]}), "rows hold question: nothing to teach"),
        (pl.DataFrame({"text": [""]}), "No row has both text"),
        (pl.DataFrame({"messages": ["[not json"]}), "are not JSON"),
        (pl.DataFrame({"messages": [json.dumps(TALK[:1])]}), "end with .* role assistant"),
        (pl.DataFrame({"messages": [[{"who": "me"}]]}), "objects with role and content"),
    ],
)
def test_rows_that_teach_nothing_are_refused(frame, sentence):
    with pytest.raises(InputError, match=sentence):
        examples(frame, layout_of(frame), Writer(Letters(), "", chat=True))


def test_a_template_that_rewrites_history_is_refused():
    with pytest.raises(InputError, match="rewrites earlier messages"):
        Writer(Rewriting(), "", chat=True).conversation(TALK)


def _called(arguments, content=None):
    call = {"id": "c1", "type": "function", "function": {"name": "cone", "arguments": arguments}}
    return [
        {"role": "user", "content": "stars?"},
        {"role": "assistant", "content": content, "tool_calls": [call]},
        {"role": "tool", "content": "7", "tool_call_id": "c1"},
        {"role": "assistant", "content": "seven", "tool_calls": None},
    ]


@pytest.mark.parametrize("arguments", ['{"ra": 1.5}', {"ra": 1.5}])
def test_a_call_beside_the_words_of_the_assistant_is_learned_as_words(arguments):
    frame = pl.DataFrame({"messages": [json.dumps(_called(arguments))]})
    one = examples(frame, layout_of(frame), Writer(Letters(), "", chat=True))[0]
    call = '<tool_call>{"name": "cone", "arguments": {"ra": 1.5}}</tool_call>'
    assert told(one.labels) == f"{call}$\nseven$\n"
    assert "None" not in told(one.ids)


def test_a_call_whose_arguments_are_not_json_is_refused():
    frame = pl.DataFrame({"messages": [json.dumps(_called("{ra: 1.5"))]})
    with pytest.raises(InputError, match="arguments '{ra: 1.5' of the call cone are not JSON"):
        examples(frame, layout_of(frame), Writer(Letters(), "", chat=True))


def test_a_message_without_words_and_calls_is_refused():
    frame = pl.DataFrame({"messages": [json.dumps([{"role": "user", "content": None}])]})
    with pytest.raises(InputError, match="list of objects with role and content"):
        examples(frame, layout_of(frame), Writer(Letters(), "", chat=True))
