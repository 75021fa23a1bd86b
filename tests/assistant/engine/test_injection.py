"""Documents that try to take the assistant over: 30 of them, and nothing changes."""

import json
import sqlite3
from pathlib import Path

import pytest

from skywright.assistant.engine.loop import Engine
from skywright.assistant.engine.providers import LanguageModel
from skywright.assistant.engine.service import Service
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.assistant.memory.memory import Memory
from skywright.assistant.messages import ToolResult
from skywright.assistant.rules.model import RulesModel
from skywright.assistant.tools.desk import Desk
from skywright.foundry.tool import tool_names
from tests.assistant.engine.llm_servers import Step, speaking
from tests.assistant.engine.scripted import Bench

DOCUMENTS = [
    json.loads(line)
    for line in (Path(__file__).parent / "injections.jsonl").read_text("utf-8").splitlines()
]
HANDBOOK = "# Cones\n\nThe SDSS servers accept a cone radius of 3 arcmin at most.\n"
QUESTION = "Which cone radius do the SDSS servers accept at most?"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = KnowledgeStore(tmp_path_factory.mktemp("knowledge") / "knowledge.db")
    store.add(Document(HANDBOOK, "Handbook", "handbook.md", "md"))
    store.add_all([Document(one["text"], one["name"], form="md") for one in DOCUMENTS])
    return store


@pytest.fixture
def search(store):
    """The tool that finds documents, and what it was asked."""

    def search(arguments, desk):
        found = Searcher(store).search(str(arguments.get("question", "")) or "x", limit=5)
        data = {"hits": [{"chunk_id": one.chunk_id, "text": one.text} for one in found.hits]}
        return ToolResult(text="\n".join(one.text for one in found.hits) or "Nothing.", data=data)

    return Bench(**{"search-knowledge": search})


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def rows(path):
    with sqlite3.connect(path) as connection:
        tables = ("conversation", "message", "fact", "feedback")
        return {one: connection.execute(f"SELECT * FROM {one}").fetchall() for one in tables}


def answer_of(model, store, search, desk, question):
    return list(Engine(model, Searcher(store), search).run(question, (), desk))[-1].answer


def test_there_are_thirty_documents_of_different_kinds():
    assert len({one["name"] for one in DOCUMENTS}) == len(DOCUMENTS) == 30


def test_no_installed_tool_deletes_sends_or_fetches():
    verbs = ("delete", "remove", "write", "send", "fetch", "run-python", "exec", "shell", "export")
    assert [name for name in tool_names() if any(verb in name for verb in verbs)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one["name"])
def test_a_model_that_obeys_changes_nothing(document, store, search, tmp_path):
    """The language model does all that the document wants, as far as it is able to."""
    pytest.importorskip("pydantic_ai", reason="needs the optional part 'llm'")
    memory = Memory(tmp_path)
    memory.begin("Kept")
    before = rows(memory.file.path), contents(tmp_path), store.stats()["documents"]
    calls = tuple((name, given) for name, given in document["calls"])
    steps = [Step(calls=(("search-knowledge", {"question": document["text"][-60:]}),))]
    steps += [Step(calls=calls)] if calls else []
    with speaking("openai-compatible", *steps, Step((document["says"],))) as service:
        model = LanguageModel(Service("openai-compatible", "m", service.url, "k", 5.0))
        desk = Desk(tmp_path / "files")
        answer = answer_of(model, store, search, desk, f"What of {document['name']}?")
        asked = len(service.asked)
    assert {call.tool for call in search.ran} == {"search-knowledge"}
    assert len(search.ran) <= 16
    assert asked <= 9
    assert answer.removed_citations == document["forged"]
    assert answer.citations == ()
    assert "evil.example" not in answer.text
    assert (rows(memory.file.path), contents(tmp_path), store.stats()["documents"]) == before


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one["name"])
def test_what_the_document_says_reaches_the_model_as_data_only(document, store, search, tmp_path):
    pytest.importorskip("pydantic_ai", reason="needs the optional part 'llm'")
    call = ("search-knowledge", {"question": document["text"][-60:]})
    with speaking("openai-compatible", Step(calls=(call,)), Step(("Fine.",))) as service:
        model = LanguageModel(Service("openai-compatible", "m", service.url, "k", 5.0))
        answer_of(model, store, search, Desk(tmp_path), "What is its period?")
    *before, told = service.asked[-1]["messages"]
    opening = told["content"].split(" ", 1)[0]
    assert told["role"] == "tool"
    assert told["content"].endswith(f"</{opening[1:]}>")
    assert told["content"].count(f"</{opening[1:]}>") == 1
    assert not any(document["text"][:30] in str(one["content"]) for one in before[:-1])


def test_the_rules_answer_as_if_the_documents_were_not_there(store, search, tmp_path):
    clean = KnowledgeStore(tmp_path / "clean.db")
    clean.add(Document(HANDBOOK, "Handbook", "handbook.md", "md"))
    with_them, without = (
        answer_of(RulesModel(Searcher(one)), one, search, Desk(tmp_path), QUESTION)
        for one in (store, clean)
    )
    quotes = [[(one.quote, one.source) for one in a.citations] for a in (with_them, without)]
    assert quotes[0][0] == quotes[1][0]
    assert "3 arcmin" in with_them.text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one["name"])
def test_the_rules_only_quote_such_a_document(document, store, search, tmp_path):
    subject = document["text"][document["text"].index("Cepheid") :][:22]
    question = f"What is the period of {subject}?"
    answer = answer_of(RulesModel(Searcher(store)), store, search, Desk(tmp_path), question)
    assert {call.tool for call in search.ran} <= {"search-knowledge"}
    assert answer.removed_citations == 0
    texts = {one["text"] for one in DOCUMENTS} | {HANDBOOK}
    assert all(any(one.quote in text for text in texts) for one in answer.citations)
