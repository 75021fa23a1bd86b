import re

import numpy as np
import pytest

from skywright.assistant.knowledge import handbook
from skywright.assistant.knowledge.embedding import embed_waiting
from skywright.assistant.knowledge.evidence import find_evidence
from skywright.assistant.knowledge.handbook import ensure_handbook, pages
from skywright.assistant.knowledge.minilm import MiniLM
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


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """Vectors of another embedder that come with the pages, in place of the real ones."""
    (tmp_path / "handbook").mkdir()
    for name, text in pages():
        (tmp_path / "handbook" / name).write_text(text, encoding="utf-8")
    made = handbook.to_bytes(FakeEmbedder())
    (tmp_path / "handbook" / handbook.VECTORS).write_bytes(made)
    monkeypatch.setattr(handbook, "files", lambda _package: tmp_path)
    return tmp_path / "handbook"


def test_its_vectors_come_with_it_and_none_is_computed(store, shipped):
    store.add(Document("A text of somebody's own."))
    embedder = FakeEmbedder()
    assert ensure_handbook(store, embedder)
    told = store.stats()
    assert told["vectors"][embedder.id] == told["chunks"] - 1
    assert embedder.embedded == 0
    assert not ensure_handbook(store, embedder)
    found = Searcher(store, embedder).search("least distance between two orbits")
    assert found.legs == ("lexical", "dense")


def test_vectors_that_come_with_it_are_those_that_would_be_made(store, shipped):
    embedder = FakeEmbedder()
    ensure_handbook(store)
    waiting = store.without_vector(embedder.id, 3)
    ensure_handbook(store, embedder)
    ids, texts = zip(*waiting, strict=True)
    with store.read() as connection:
        kept = [connection.execute("SELECT vector FROM vector WHERE chunk_id = ?", (one,))
                for one in ids]  # fmt: skip
        vectors = [np.frombuffer(row.fetchone()[0], "<f4") for row in kept]
    np.testing.assert_allclose(vectors, embedder.embed_passages(texts), rtol=0, atol=5e-4)


def test_a_page_that_was_changed_waits_for_its_vectors_like_any_other(store, shipped):
    (shipped / "new.md").write_text("# New\n\nA new page.\n", encoding="utf-8")
    embedder = FakeEmbedder()
    ensure_handbook(store, embedder)
    assert [text for _, text in store.without_vector(embedder.id, 9)] == [
        "New\n# New\n\nA new page."
    ]
    assert embed_waiting(store, embedder) == 1


def test_vectors_of_another_embedder_are_not_taken(store, shipped):
    class Other(FakeEmbedder):
        id = "fake-2"

    ensure_handbook(store, Other())
    assert store.stats()["vectors"] == {}


def test_the_vectors_that_come_with_us_are_of_the_pages_there_are(store):
    ensure_handbook(store)
    waiting = store.without_vector(MiniLM.id, 10_000)
    kept = handbook.shipped_vectors(MiniLM.id)
    assert {handbook._hash(text) for _, text in waiting} == kept.keys(), (
        "run bench/assistant_handbook.py"
    )
    if embedder := MiniLM.if_installed():
        told = [kept[handbook._hash(text)] for _, text in waiting[:3]]
        made = embedder.embed_passages([text for _, text in waiting[:3]])
        np.testing.assert_allclose(told, made, rtol=0, atol=5e-4)


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
        ("In which units are Gaia parallaxes?", "milliarcsecond (mas)"),
        ("Which column holds the proper motion in gaia_source?", "pmra"),
        ("How do I install a catalogue?", "skywright catalogues add"),
        ("How do I tell skywright my ADS token?", "SKYWRIGHT_ADS_TOKEN"),
        ("How do you compute collision probability?", "covariances of both objects"),
        ("How is a conjunction data message structured?", "in a header"),
        ("Can I use skywright offline?", "works offline"),
    ],
)
def test_questions_of_the_field_are_answered_from_it(store, question, words):
    ensure_handbook(store)
    evidence = find_evidence(Searcher(store), question)
    assert any(words in " ".join(one.quote.split()) for one in evidence.citations)


@pytest.fixture(scope="module")
def by_meaning(tmp_path_factory):
    """Search in the handbook by words and by meaning."""
    embedder = MiniLM.if_installed() or pytest.skip("needs the extra assistant")
    store = KnowledgeStore(tmp_path_factory.mktemp("handbook") / "knowledge.db")
    ensure_handbook(store, embedder)
    return Searcher(store, embedder)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("what is a MOID", "least distance between two orbits"),
        ("what is RUWE", "renormalised unit weight error"),
        ("tell me what PHA stands for", "(PHA)"),
        ("what is a close approach?", "distance is least"),
        ("how does the Torino scale work", "0 to 10"),
        ("define perihelion", "nearest to the Sun"),
        ("what is the semi-major axis", "half of the long"),
        ("What does TCA stand for?", "time of closest approach"),
        ("What's a keyhole?", "small region"),
        ("How is the Palermo scale defined?", "background"),
        ("what is the Yarkovsky effect", "Sunlight"),
        ("what is a TLE", "two-line element set"),
    ],
)
def test_terms_of_the_field_are_explained_by_meaning_too(by_meaning, question, words):
    evidence = find_evidence(by_meaning, question)
    assert words in evidence.citations[0].quote
    assert evidence.is_answerable


@pytest.mark.parametrize(
    "question",
    ["what is a quokka", "What does LGTM mean?", "How is photosynthesis defined?",
     "how do I install windows", "What is the price of a Falcon 9?", "define sourdough"],
)  # fmt: skip
def test_terms_of_no_page_are_not_explained(by_meaning, question):
    assert not find_evidence(by_meaning, question).is_answerable
