import threading
import time

import pytest

from skywright.assistant.engine.loop import Engine, Limits
from skywright.assistant.engine.model import (
    Asked,
    Called,
    ContextTooLongError,
    Counted,
    ModelError,
    Quote,
    Quoted,
    Replied,
    Returned,
    Said,
    Stated,
    Verdict,
)
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.assistant.messages import Answer, Artifact, ToolCall, ToolResult, ToolRun
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import ToolSpec
from tests.assistant.engine.scripted import Bench, Scripted, wanted

QUOTE = Quote("RA=10.68 Dec=41.27", "tool", "t1-1")


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "files")


@pytest.fixture
def searcher(tmp_path):
    store = KnowledgeStore(tmp_path / "knowledge.db")
    store.add(Document("M31 is a spiral galaxy.", title="Galaxies", form="txt"))
    return Searcher(store)


def resolve(arguments, desk):
    return ToolResult(text="M31 (NGC0224): RA=10.68 Dec=41.27", warnings=("It is large.",))


@pytest.fixture
def ask(searcher, desk):
    def ask(model, tools=None, history=(), limits=None):
        engine = Engine(model, searcher, tools or Bench(resolve=resolve), limits)
        return list(engine.run("Where is M31?", history, desk))

    return ask


def kinds(events):
    return [event.kind for event in events]


def test_a_call_runs_and_its_result_can_be_cited(ask):
    model = Scripted(
        [wanted("resolve", name="M31")], [Stated("At 10.68.", (QUOTE,)), Counted(7, 2)]
    )
    events = ask(model)
    assert kinds(events) == [
        "status", "tool_call", "tool_result", "token", "citation", "usage", "done",
    ]  # fmt: skip
    answer = events[-1].answer
    assert (answer.text, answer.engine, answer.removed_citations) == ("At 10.68.", "scripted", 0)
    assert answer.statements[0].citations == answer.citations
    assert answer.warnings == ("It is large.",)


def test_the_model_is_told_what_came_back_under_an_id_of_ours(ask):
    model = Scripted([wanted("resolve", name="M31")], [Said("There.")])
    ask(model)
    asked, called, returned = model.asked[1]
    assert asked == Asked("Where is M31?")
    assert called.calls[0].id == returned.runs[0].call.id == "t1-1"
    assert isinstance(returned, Returned)


def test_a_forged_citation_is_removed_and_counted(ask):
    forged = Quote("M31 is a red dwarf.", "chunk", "1")
    real = Quote("a spiral galaxy", "chunk", "1")
    answer = ask(Scripted([Said("A galaxy."), Quoted((forged, real))]))[-1].answer
    assert [one.quote for one in answer.citations] == ["a spiral galaxy"]
    assert answer.removed_citations == 1
    assert answer.warnings == ("1 citation was not found verbatim and removed.",)


def test_the_text_is_what_was_streamed(ask):
    said = [Said(""), Said("\n First"), Said(" words."), Stated("Then more."), wanted("resolve")]
    events = ask(Scripted(said, [Said("The end.")]))
    text = events[-1].answer.text
    assert text == "First words. Then more.\n\nThe end."
    assert "".join(one.text for one in events if one.kind == "token").strip() == text


def test_citations_follow_the_words_they_back(ask):
    quote = Quote("a spiral galaxy", "chunk", "1")
    events = ask(Scripted([Stated("A galaxy.\n\n", (quote,)), Stated("More.", (quote,))]))
    assert kinds(events)[1:] == ["token", "citation", "token", "token", "done"]
    answer = events[-1].answer
    assert answer.text == "A galaxy.\n\nMore."
    assert [(one.text, len(one.citations)) for one in answer.statements] == [
        ("A galaxy.", 1),
        ("More.", 1),
    ]


def test_an_empty_part_before_a_call_does_no_harm(ask):
    events = ask(Scripted([Said(""), wanted("resolve")], [Said("Found.")]))
    assert events[-1].answer.text == "Found."


def test_calls_of_one_step_run_in_their_order(ask):
    tools = Bench(resolve=resolve)
    ask(Scripted([wanted("resolve", name=n) for n in "abc"], [Said("ok")]), tools)
    assert [call.arguments["name"] for call in tools.ran] == ["a", "b", "c"]


def test_the_same_call_is_not_made_twice(ask):
    tools = Bench(resolve=resolve)
    again = [wanted("resolve", name="M31", deep=1)]
    events = ask(Scripted(again, [wanted("resolve", deep=1, name="M31")], [Said("ok")]), tools)
    errors = [event.run.error for event in events if event.kind == "tool_result"]
    assert errors == ["", "This call was made before as t1-1; its result stands there."]
    assert len(tools.ran) == 1


def test_only_offered_tools_run(ask):
    tools = Bench(resolve=resolve)
    events = ask(Scripted([wanted("delete", path="/")], [Said("ok")]), tools)
    assert events[2].run.error == "There is no tool 'delete'; there are resolve."
    assert not tools.ran


def test_after_the_last_round_no_tools_are_offered(ask):
    steps = [[wanted("resolve", name=str(n))] for n in range(2)]
    model = Scripted(*steps, [Said("Enough.")])
    assert ask(model, limits=Limits(rounds=2))[-1].answer.text == "Enough."
    assert model.offered == [1, 1, 0]


def test_calls_beyond_the_limit_are_refused(ask):
    tools = Bench(resolve=resolve)
    model = Scripted([wanted("resolve", name=str(n)) for n in range(3)], [Said("ok")])
    events = ask(model, tools, limits=Limits(calls=2))
    assert events[-1].kind == "done"
    assert len(tools.ran) == 2
    assert model.offered == [1, 0]


def test_a_model_that_only_asks_for_tools_gives_no_answer(ask):
    steps = [[wanted("resolve", name=str(n))] for n in range(3)]
    last = ask(Scripted(*steps), limits=Limits(rounds=2))[-1]
    assert (last.kind, last.code) == ("error", "model")


def test_a_model_that_says_nothing_is_asked_once_more(ask):
    assert ask(Scripted([Said("")], [Said("Now.")]))[-1].answer.text == "Now."
    assert ask(Scripted([], []))[-1].message == "The model scripted gave no answer."


def test_too_long_a_conversation_loses_its_oldest_turns(ask):
    old = [turn for n in range(4) for turn in (Asked(f"{n}?"), Replied(Answer(text=f"{n}.")))]
    model = Scripted(ContextTooLongError("long"), ContextTooLongError("long"), [Said("ok")])
    events = ask(model, history=old)
    assert [len(asked) for asked in model.asked] == [9, 5, 3]
    assert model.asked[-1][0] == Asked("3?")
    assert kinds(events) == ["status", "status", "status", "token", "done"]


def test_long_results_are_halved_for_the_model_and_cited_whole(ask):
    tools = Bench(read=lambda arguments, desk: ToolResult(text="x " * 3000 + "the end"))
    cited = Quoted((Quote("x the end", "tool", "t1-1"),))
    model = Scripted([wanted("read")], ContextTooLongError("long"), [Said("ok"), cited])
    answer = ask(model, tools)[-1].answer
    assert len(model.asked[-1][-1].runs[0].result.text) == 3003
    assert answer.citations[0].stop == 6007


def test_what_never_fits_is_said(ask):
    assert ask(Scripted(ContextTooLongError("Too long.")))[-1].code == "context"


def test_a_failing_model_ends_the_answer_in_a_sentence(ask):
    last = ask(Scripted(ModelError("The server said 500.", hint="Try later.")))[-1]
    assert (last.kind, last.message, last.hint) == ("error", "The server said 500.", "Try later.")


@pytest.mark.parametrize("question", ["", "  \n", "x" * 20_001])
def test_a_question_is_neither_blank_nor_endless(searcher, desk, question):
    events = list(Engine(Scripted(), searcher, Bench()).run(question, (), desk))
    assert events[-1].code == "invalid_input"


def test_a_stop_ends_the_tool_at_work(searcher, desk):
    stopped = threading.Event()

    def slow(arguments, desk):
        while not desk.stop.wait(0.01):
            pass
        stopped.set()
        desk.check_stop()

    engine = Engine(Scripted([wanted("slow")]), searcher, Bench(slow=slow))
    events = []
    for event in engine.run("Wait", (), desk):
        events.append(event)
        if event.kind == "tool_call":
            desk.stop.set()
    assert stopped.is_set()
    assert events[-2].run.error == events[-1].message == "The answer was stopped."


def test_closing_the_events_stops_the_tool(searcher, desk):
    stopped = threading.Event()

    def slow(arguments, desk):
        desk.progress("half way")
        desk.stop.wait(10)
        stopped.set()

    events = Engine(Scripted([wanted("slow")]), searcher, Bench(slow=slow)).run("Wait", (), desk)
    assert "half way" in [next(events).text, next(events).kind, next(events).text]
    events.close()
    assert stopped.wait(5)


def test_a_model_that_hangs_does_not_hold_up_a_stop(searcher, desk):
    hangs = threading.Event()

    def hang(history):
        hangs.wait(10)
        yield Said("late")

    threading.Timer(0.05, desk.stop.set).start()
    started = time.monotonic()
    events = list(Engine(Scripted(hang), searcher, Bench()).run("Wait", (), desk))
    assert events[-1].message == "The answer was stopped."
    assert time.monotonic() - started < 5
    hangs.set()


def test_files_of_tools_are_told_and_kept(ask, tmp_path):
    made = Artifact(id="a", title="A", media_type="image/png", path="a.png", size_bytes=3)
    tools = Bench(plot=lambda arguments, desk: ToolResult(text="Drawn.", artifacts=(made,)))
    events = ask(Scripted([wanted("plot")], [Said("Here.")]), tools)
    assert events[3].artifact == made
    assert events[-1].answer.artifacts == (made,)


def test_an_answer_may_ask_back_or_not_be_found(ask):
    verdict = Verdict(is_found=False, is_question=True, warnings=("Say which.",))
    answer = ask(Scripted([Said("Which one?"), verdict]))[-1].answer
    assert (answer.is_found, answer.is_question, answer.warnings) == (False, True, ("Say which.",))


def test_runs_of_earlier_answers_can_be_cited_and_ids_go_on(ask):
    before = ask(Scripted([wanted("resolve")], [Said("There.")]))[-1].answer
    history = (Asked("Where is M31?"), Replied(before))
    model = Scripted([wanted("resolve")], [Stated("Still there.", (QUOTE,))])
    answer = ask(model, history=history)[-1].answer
    assert answer.citations[0].id == "t1-1"
    assert answer.tool_runs[0].call == ToolCall(id="t2-1", tool="resolve")


LOOK = ToolSpec("look", "Look", "Looks out of the window.", {"type": "object"})


def elsewhere(searcher, desk, model, *, tools=None, since=(), specs=(LOOK,)):
    engine = Engine(model, searcher, tools or Bench(resolve=resolve), elsewhere=specs)
    return list(engine.run("What is there?", (), desk, since))


def test_a_call_that_runs_elsewhere_ends_the_answer_with_its_start(searcher, desk):
    bench = Bench(resolve=resolve)
    step = [wanted("look", at="M31"), wanted("resolve", name="M31"), wanted("look", at="M13")]
    events = elsewhere(searcher, desk, Scripted([wanted("resolve")], step), tools=bench)
    started = [one.call for one in events if one.kind == "tool_call"]
    assert [(one.tool, one.arguments.get("at")) for one in started] == [
        ("resolve", None),
        ("look", "M31"),
        ("look", "M13"),
    ]
    assert len(bench.ran) == 1
    assert events[-1].kind == "done"


def test_what_came_of_it_is_told_to_the_model_and_may_be_cited(searcher, desk):
    call = ToolCall(id="call_7", tool="look", arguments={})
    run = ToolRun(call=call, result=ToolResult(text="A star, at last."))
    model = Scripted([Stated("A star.", (Quote("A star, at last", "tool", "call_7"),))])
    since = (Called((call,)), Returned((run,)))
    answer = elsewhere(searcher, desk, model, since=since)[-1].answer
    assert model.asked[0][-1] == since[-1]
    assert [one.id for one in answer.citations] == ["call_7"]


def test_of_two_tools_of_one_name_theirs_is_offered(searcher, desk):
    bench, model = Bench(look=resolve), Scripted([wanted("look")])
    events = elsewhere(searcher, desk, model, tools=bench)
    assert (model.offered, bench.ran, events[-1].kind) == ([1], [], "done")


def test_results_whose_calls_are_cut_off_are_cut_off_too(searcher, desk):
    call = ToolCall(id="call_7", tool="look", arguments={})
    old = (Asked("Hi"), Called((call,)), Returned((ToolRun(call=call, error="No."),)))
    model = Scripted([Said("Yes.")])
    list(Engine(model, searcher, Bench(), Limits(old_turns=1)).run("Really?", old, desk))
    assert [type(one) for one in model.asked[0]] == [Asked]
