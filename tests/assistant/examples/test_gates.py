"""Each gate lets a good example pass and refuses the one bad thing it looks for."""

import dataclasses
import json

import pytest

from skywright.assistant.engine.model import Asked
from skywright.assistant.engine.wording import as_data, instructions
from skywright.assistant.examples.example import CodeRun, Drawing, Example, Message, RefusedError
from skywright.assistant.examples.gates import Ground, pass_gates
from skywright.assistant.examples.wording import call_text
from skywright.assistant.messages import Artifact, ToolCall, ToolResult, ToolRun
from skywright.assistant.tools.running import ToolSpec

_BLOCK = "print(60 * 2)\n"
_QUERY = "SELECT COUNT(*) AS n FROM gaiadr3.gaia_source WHERE ra > 10"


def _spec(name, *arguments):
    properties = {one: {"type": "string"} for one in arguments}
    return ToolSpec(name, "Does it.", "Does it.", {"properties": properties})


_SPECS = (_spec("count-stars", "field"), _spec("run-adql", "query", "service"), _spec("plot-cmd"))


@pytest.fixture
def ground():
    return Ground(
        {one.name: one for one in _SPECS},
        {"gaia": {"gaiadr3.gaia_source": ("ra", "dec", "bp_rp")}},
        lambda source: CodeRun(source, error="NameError: it was not run before"),
    )


def _example(tool, arguments, result, answer, **more):
    run = ToolRun(call=ToolCall(id="t1-1", tool=tool, arguments=arguments), result=result)
    messages = (
        Message("system", instructions("abcd", Asked(""))),
        Message("user", "How many stars are in the field A?"),
        Message("assistant", call_text(tool, arguments)),
        Message("tool", as_data(run, "abcd")),
        Message("assistant", answer),
    )
    return Example("catalogue-queries", "count", ("A",), "train", messages, (run,), **more)


def _counted(answer, **more):
    result = ToolResult(text="The field A has 3,065 stars.", data={"stars": 3065, "g": 17.126})
    return _example("count-stars", {"field": "A"}, result, answer, **more)


@pytest.fixture
def good():
    answer = (
        'The field holds 3,065 stars.<cite of="t1-1">The field A has 3,065 stars.</cite>\n\n'
        f"```python\n{_BLOCK}```\nThe block prints 120 for you."
    )
    return _counted(answer, codes=(CodeRun(_BLOCK, "120\n"),))


def _refusal(example, ground):
    with pytest.raises(RefusedError) as told:
        pass_gates(example, ground)
    return told.value.gate, str(told.value)


def _said(example, before, after):
    messages = [
        Message(one.role, one.content.replace(before, after)) if one.role == "assistant" else one
        for one in example.messages
    ]
    assert tuple(messages) != example.messages
    return example.with_messages(*messages)


def test_a_good_example_passes(good, ground):
    pass_gates(good, ground)


@pytest.mark.parametrize(
    ("before", "after", "gate", "reason"),
    [
        ("3,065 stars.<", "3,066 stars.<", "numbers", "3,066"),
        ("prints 120", "prints 121", "numbers", "121"),
        (">The field A has 3,065", ">The field A holds 3,065", "citations", "does not say"),
        ('of="t1-1"', 'of="t1-2"', "citations", "t1-2 is cited, which has no result"),
        ("count-stars", "count-galaxies", "tools", "there is no tool 'count-galaxies'"),
        ('"field"', '"place"', "tools", "count-stars has no argument place"),
        ('{"field": "A"}', '{"field": "B"}', "tools", "is not the one that was run"),
        (_BLOCK, "print(60 * 2\n", "python", "it is not Python"),
        (_BLOCK, "import numpy as np\nprint(np.meen([1]))\n", "python", "np has no meen"),
        (_BLOCK, "from astropy.units import lightyears\n", "python", "has no lightyears"),
        (_BLOCK, "import subprocess\n", "python", "it imports subprocess"),
        (_BLOCK, "print(sum(x))\n", "python", "NameError: it was not run before"),
        ("The block prints 120 for you.", "The block prints 120 for you and", "language", "ends"),
        ("The field holds", "The {field} holds", "language", "'{' stands in"),
        ("The field holds", "The field None holds", "language", "'None' stands in"),
    ],
)
def test_one_wrong_thing_is_refused_by_its_gate(good, ground, before, after, gate, reason):
    found, told = _refusal(_said(good, before, after), ground)
    assert (found, reason in told) == (gate, True), told


def test_a_query_in_a_block_is_checked(good, ground):
    source = 'print("""SELECT colour FROM gaiadr3.gaia_source""")\n'
    gate, told = _refusal(_said(good, _BLOCK, source), ground)
    assert gate == "python"
    assert "colour" in told


def test_an_answer_without_a_quote_is_refused(ground):
    example = _counted("The field holds 3,065 stars, as the tool says.")
    assert _refusal(example, ground) == ("citations", "nothing is cited")


def test_a_rounded_number_is_that_of_the_run(ground):
    quote = '<cite of="t1-1">The field A has 3,065 stars.</cite>'
    pass_gates(_counted(f"The mean of the field is 17.13 mag.{quote}"), ground)
    wrong = _counted(f"The mean of the field is 17.12 mag.{quote}")
    assert _refusal(wrong, ground)[0] == "numbers"


def test_a_result_that_was_changed_is_refused(good, ground):
    tool = good.messages[3]
    changed = Message("tool", tool.content.replace("3,065", "3,066"))
    example = good.with_messages(*good.messages[:3], changed, good.messages[4])
    assert _refusal(example, ground)[0] == "tools"


def test_turns_out_of_order_are_refused(good, ground):
    assert _refusal(good.with_messages(*good.messages[1:]), ground)[0] == "schema"
    assert _refusal(good.with_messages(*good.messages[:-1]), ground)[0] == "schema"
    assert _refusal(dataclasses.replace(good, runs=()), ground)[0] == "schema"


def test_an_example_that_is_too_long_is_refused(good, ground):
    question = Message("user", "Please? " * 2_000)
    example = good.with_messages(good.messages[0], question, *good.messages[2:])
    assert _refusal(example, ground)[0] == "length"


def test_an_answer_that_is_no_english_is_refused(ground):
    words = (
        "Dieses Sternfeld enthält dreitausend Sterne, deren Helligkeiten unbekannt geblieben sind."
    )
    example = _counted(f"{words} {words}")
    assert _refusal(example, ground)[0] == "language"


def _queried(query, *, error=""):
    result = ToolResult(text="The Gaia archive returned 7 rows.", data={"n": 7})
    answer = 'It returned 7 rows for you.<cite of="t1-1">The Gaia archive returned 7 rows.</cite>'
    example = _example("run-adql", {"query": query, "service": "gaia"}, result, answer)
    if not error:
        return example
    run = example.runs[0].model_copy(update={"result": None, "error": error})
    messages = (*example.messages[:3], Message("tool", as_data(run, "abcd")), example.messages[4])
    return dataclasses.replace(example, runs=(run,), messages=messages)


def test_a_query_that_is_right_passes(ground):
    pass_gates(_queried(_QUERY), ground)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (_QUERY.replace("ra >", "colour >"), "colour"),
        (_QUERY.replace("gaia_source", "gaia_sources"), "gaia_sources"),
        (_QUERY.replace("SELECT", "SELEKT"), "Only SELECT"),
        (_QUERY.replace("WHERE ra", "WHERE AND ra"), "line 1"),
    ],
)
def test_a_query_that_is_wrong_is_refused(ground, query, reason):
    gate, told = _refusal(_queried(query), ground)
    assert gate == "adql"
    assert reason in told


def test_a_query_that_is_shown_but_was_not_run_is_refused(ground):
    fence = f"```sql\n{_QUERY}\n```"
    example = _queried(_QUERY)
    shown = _said(example, "It returned 7 rows for you.", f"It returned 7 rows for you.\n\n{fence}")
    pass_gates(shown, ground)
    assert _refusal(_said(shown, "ra > 10\n```", "ra > 11\n```"), ground)[0] == "adql"


def test_a_refused_query_may_stand_before_the_right_one(ground):
    example = _queried(_QUERY)
    wrong = _queried(_QUERY.replace("ra >", "colour >"), error="There is no column colour.")
    runs = (*wrong.runs, example.runs[0])
    messages = (*wrong.messages[:4], *example.messages[2:])
    pass_gates(dataclasses.replace(example, runs=runs, messages=messages), ground)


def test_an_entry_for_a_bibliography_must_be_whole(ground):
    entry = "@ARTICLE{2016A&A...595A...1G,\n  author = {{Gaia Collaboration}},\n  year = 2016\n}"
    quote = '<cite of="t1-1">@ARTICLE{2016A&A...595A...1G,</cite>'
    answer = f"This is the entry for you:{quote}\n\n```bibtex\n{entry}\n```"
    example = _example("count-stars", {"field": "A"}, ToolResult(text=entry), answer)
    pass_gates(example, ground)
    assert _refusal(_said(example, "  year = 2016\n}", "  year = 2016"), ground)[0] == "citations"
    assert _refusal(_said(example, "year = 2016", "year = 2017"), ground)[0] == "citations"


def test_a_query_that_failed_is_refused(ground):
    assert _refusal(_queried(_QUERY, error="The archive is closed."), ground)[0] == "adql"


def _plotted(tmp_path, content, **more):
    path = tmp_path / "cmd.png"
    path.write_bytes(content)
    files = (("image/png", path), ("text/csv", tmp_path / "cmd.csv"))
    artifacts = tuple(
        Artifact(id=one.name, title="CMD", media_type=kind, path=str(one), size_bytes=1)
        for kind, one in files
    )
    result = ToolResult(text="The diagram shows 7 stars.", data={}, artifacts=artifacts)
    answer = 'Here it is, with 7 stars.<cite of="t1-1">The diagram shows 7 stars.</cite>'
    return _example("plot-cmd", {}, result, answer, **more)


def test_a_picture_that_is_empty_is_refused(tmp_path, ground):
    pass_gates(_plotted(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(6_000)), ground)
    assert _refusal(_plotted(tmp_path, b"\x89PNG\r\n\x1a\n"), ground)[0] == "plots"
    assert _refusal(_plotted(tmp_path, bytes(6_000)), ground)[0] == "plots"


@pytest.mark.parametrize(
    "drawn",
    [
        Drawing("BP-RP [mag]", "G [mag]", 6, is_y_inverted=True),
        Drawing("BP-RP [mag]", "G [mag]", 7),
        Drawing("BP-RP [mag]", "", 7, is_y_inverted=True),
        Drawing("BP-RP [mag]", "G [mag]", 0, is_y_inverted=True),
    ],
)
def test_a_plot_that_shows_something_else_is_refused(good, ground, drawn):
    meant = Drawing("BP-RP [mag]", "G [mag]", 7, is_y_inverted=True)
    codes = (CodeRun(_BLOCK, "120\n", drawings=(drawn,)),)
    example = dataclasses.replace(good, codes=codes, drawings=(meant,))
    assert _refusal(example, ground)[0] == "plots"


def test_a_plot_that_shows_what_is_meant_passes(good, ground):
    meant = Drawing("BP-RP [mag]", "G [mag]", 7, is_y_inverted=True)
    codes = (CodeRun(_BLOCK, "120\n", drawings=(meant,)),)
    pass_gates(dataclasses.replace(good, codes=codes, drawings=(meant,)), ground)


def test_a_line_of_the_file_holds_role_and_content_only(good):
    row = json.loads(json.dumps(good.row()))
    assert row["split"] == "train"
    assert [set(one) for one in row["messages"]] == [{"role", "content"}] * 5
