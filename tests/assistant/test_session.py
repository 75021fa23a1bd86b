import threading

import polars as pl
import pytest

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.knowledge.opened import searcher_of
from skywright.assistant.session import AnswerError, Session, answer, stream
from skywright.assistant.tools.desk import Desk
from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.settings import get_settings
from tests.assistant.engine.llm_servers import Step, speaking


@pytest.fixture
def settings(tmp_path, monkeypatch):
    def settings(service=None):
        monkeypatch.setenv("SKYWRIGHT_DATA_DIR", str(tmp_path))
        if service:
            monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL", "openai-compatible:m")
            monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL_URL", service.url)
        get_settings.cache_clear()
        return get_settings()

    yield settings
    get_settings.cache_clear()


@pytest.fixture
def writing(settings):
    """A session with a language model that says what a test wrote."""
    pytest.importorskip("pydantic_ai", reason="needs the optional part 'llm'")
    services = []

    def writing(*steps):
        context = speaking("openai-compatible", *steps)
        service = context.__enter__()
        services.append(context)
        return Session(settings(service)), service

    yield writing
    for context in services:
        context.__exit__(None, None, None)


def test_without_a_model_the_rules_answer(settings):
    told = answer("help", settings=settings())
    assert (told.engine, told.is_found) == ("rules", True)


def test_the_handbook_is_there_from_the_start(settings):
    session = Session(settings())
    assert session.searcher.search("cone radius of SDSS", collection="handbook").hits


def test_a_question_and_its_answer_are_kept(writing):
    session, _ = writing(Step(("Hello.",)))
    id_ = session.memory.begin().id
    told = session.answer("Hi there", conversation=id_)
    kept = session.memory.messages(id_)
    assert [one.turn for one in kept] == [Asked("Hi there"), Replied(told)]
    assert session.memory.get(id_).title == "Hi there"


def test_without_a_conversation_one_begins(writing):
    session, _ = writing(Step(("Hello.",)))
    session.answer("Hi there")
    assert [one.title for one in session.memory.recent()] == ["Hi there"]


def test_the_model_is_told_what_was_said_before(writing):
    session, service = writing(Step(("Hello.",)))
    id_ = session.memory.begin().id
    for question in ("One?", "Two?"):
        session.answer(question, conversation=id_)
    told = [one["content"] for one in service.asked[-1]["messages"][1:]]
    assert told == ["One?", "Hello.", "Two?"]


def test_the_answer_is_kept_before_its_end_is_seen(writing):
    session, _ = writing(Step(("Hello.",)))
    id_ = session.memory.begin().id
    for event in session.stream("Hi", conversation=id_):
        if event.kind == "done":
            assert session.memory.get(id_).messages == 2


def test_with_a_desk_nothing_is_remembered(settings, tmp_path):
    desk = Desk(tmp_path / "desk", settings())
    events = list(stream("help", settings=desk.settings, desk=desk))
    assert events[-1].kind == "done"
    assert Session(desk.settings).memory.recent() == []


def test_the_desk_of_a_conversation_has_its_tables(writing):
    session, service = writing(Step(("Hello.",)))
    id_ = session.memory.begin().id
    from skywright.assistant.memory.shelf import keep_tables, open_desk

    desk = open_desk(session.memory, id_, session.settings)
    desk.tables["stars"] = pl.DataFrame({"g": [1.0]})
    keep_tables(session.memory, id_, desk, {})
    session.answer("Which tables are there?", conversation=id_)
    assert "newest last: stars" in service.asked[-1]["messages"][0]["content"]


def test_a_failure_is_kept_and_raised(writing):
    session, _ = writing(Step(status=401, error="no"))
    id_ = session.memory.begin().id
    with pytest.raises(AnswerError, match="does not accept the key"):
        session.answer("Hi", conversation=id_)
    kept = session.memory.messages(id_)[-1].answer
    assert (kept.is_found, kept.warnings) == (False, (kept.text,))


def test_a_stop_keeps_what_was_said(writing):
    waits = threading.Event()
    session, _ = writing(Step(("One ", "two ", "three"), waits=waits))
    id_ = session.memory.begin().id
    for event in session.stream("Count", conversation=id_):
        if event.kind == "token":
            assert session.stop(id_)
    waits.set()
    assert session.memory.messages(id_)[-1].answer.text == "One"
    assert not session.stop(id_)


def test_closed_events_leave_the_conversation_free(writing):
    session, _ = writing(Step(("One ", "two")))
    id_ = session.memory.begin().id
    events = session.stream("Count", conversation=id_)
    next(events), next(events)
    events.close()
    assert session.memory.messages(id_)[-1].answer.warnings == ("The answer was stopped.",)
    assert session.answer("Again", conversation=id_).text == "One two"


def test_a_language_model_cites_a_passage_that_a_tool_showed_it(settings, writing):
    hit = searcher_of(settings()).search("cone radius of SDSS").hits[0]
    quote = " ".join(hit.text.split())[:80]
    call = ("search-knowledge", {"question": "cone radius of SDSS"})
    said = f'So it is.<cite of="chunk {hit.chunk_id}">{quote}</cite>'
    session, service = writing(Step(calls=(call,)), Step((said,)))
    told = session.answer("How large may a cone be?")
    assert f'"chunk": {hit.chunk_id}' in service.asked[-1]["messages"][-1]["content"]
    assert (told.removed_citations, told.statements[0].citations) == (0, told.citations)
    assert told.citations[0].source == hit.source
    assert told.citations[0].start == hit.start


def test_what_is_deleted_meanwhile_stays_deleted(writing):
    session, _ = writing(Step(("One ", "two")))
    id_ = session.memory.begin().id
    for event in session.stream("Count", conversation=id_):
        if event.kind == "token" and session.memory.recent():
            session.memory.files(id_).mkdir(parents=True)
            session.memory.remove(id_)
            session.memory.files(id_).mkdir(parents=True)
    assert session.memory.recent() == []
    assert not session.memory.files(id_).exists()


def test_a_conversation_answers_one_question_at_a_time(writing):
    session, _ = writing(Step(("One ",)))
    id_ = session.memory.begin().id
    events = session.stream("Count", conversation=id_)
    next(events), next(events)
    with pytest.raises(ConflictError, match="is being answered"):
        session.answer("Me too", conversation=id_)
    events.close()


def test_conversations_of_others_are_not_found(settings):
    theirs = Session(settings(), owner="them").memory.begin().id
    with pytest.raises(NotFoundError, match="no conversation"):
        Session(settings(), owner="me").answer("Hi", conversation=theirs)
    with pytest.raises(NotFoundError, match="no conversation"):
        Session(settings(), owner="me").stop(theirs)


@pytest.mark.parametrize("name", ["gpt", "openai:", "magic:m"])
def test_a_model_that_is_none_is_refused_at_once(settings, name):
    with pytest.raises(InputError, match=r"names no service and model.*ollama:NAME"):
        Session(settings(), model=name)


def test_a_blank_question_is_not_kept(settings):
    session = Session(settings())
    id_ = session.memory.begin().id
    with pytest.raises(AnswerError, match="blank"):
        session.answer("  ", conversation=id_)
    assert session.memory.messages(id_) == []
    with pytest.raises(InputError, match="blank"):
        list(session.stream("  "))
    assert [one.id for one in session.memory.recent()] == [id_]
