import re

import pytest

from skywright.assistant.knowledge import handbook
from skywright.assistant.knowledge.evidence import find_evidence
from skywright.assistant.knowledge.handbook import ensure_handbook, pages
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from tests.assistant.knowledge.fake_embedder import FakeEmbedder

_QUERIES = [
    pytest.param(query, id=f"{name}-{k}")
    for name, text in pages()
    for k, query in enumerate(re.findall(r"```adql\n(.*?)```", text, flags=re.DOTALL))
]


@pytest.fixture
def store(tmp_path):
    return KnowledgeStore(tmp_path / "knowledge.db")


@pytest.mark.parametrize("query", _QUERIES)
def test_every_example_is_adql(query):
    from queryparser.adql import ADQLQueryTranslator

    assert "FROM" in ADQLQueryTranslator(query).to_postgresql().upper()


def test_every_page_has_a_title_and_sections():
    for name, text in pages():
        assert text.startswith("# "), name
        assert text.count("\n## ") >= 3, name


def test_pages_are_written_once(store):
    assert ensure_handbook(store)
    before = store.documents()
    assert not ensure_handbook(store)
    assert store.documents() == before
    assert {one["collection"] for one in before} == {"handbook"}


def test_a_new_version_replaces_the_old_and_keeps_what_others_added(store, monkeypatch):
    store.add(Document("A text of somebody's own."))
    ensure_handbook(store)
    kept = store.documents(collection="handbook")[1]["id"]
    changed = [*list(pages())[1:], ("new.md", "# New\n\nA new page.\n")]
    monkeypatch.setattr(handbook, "pages", lambda: iter(changed))
    assert ensure_handbook(store)
    sources = [one["source"] for one in store.documents(collection="handbook")]
    assert "handbook/new.md" in sources
    assert len(sources) == len(changed)
    assert kept in {one["id"] for one in store.documents()}
    assert len(store.documents(collection="default")) == 1


def test_its_vectors_are_made_and_no_others(store):
    store.add(Document("A text of somebody's own."))
    embedder = FakeEmbedder()
    ensure_handbook(store, embedder)
    told = store.stats()
    assert told["vectors"][embedder.id] == told["chunks"] - 1
    assert not ensure_handbook(store, embedder)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What does MOID mean?", "least distance between two orbits"),
        ("When is an asteroid potentially hazardous?", "0.05 au or less"),
        ("Why is a small Pc no comfort in the region of dilution?", "no comfort"),
        ("Up to which radius does SDSS allow a cone search?", "3 arcminutes"),
        ("How many rows does Gaia.ROW_LIMIT allow?", "50"),
        ("How is the Palermo scale defined?", "background"),
        ("Which epoch do Gaia DR3 positions have?", "J2016.0"),
        ("What does a bibcode consist of?", "19 characters"),
    ],
)
def test_questions_of_the_field_are_answered_from_it(store, question, words):
    ensure_handbook(store)
    evidence = find_evidence(Searcher(store), question)
    assert any(words in " ".join(one.quote.split()) for one in evidence.citations)
