import itertools
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.knowledge.lexical import holds, identifiers_in, lexical_query
from skywright.assistant.knowledge.searching import Searcher, spread
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.errors import InputError


@pytest.fixture
def store(tmp_path):
    return KnowledgeStore(tmp_path / "knowledge.db")


def test_a_hit_gives_the_very_characters_of_its_document(store):
    text = "# Clusters\n\n" + "Open clusters are young. " * 120 + "\n\n# Old ones\n\nGlobular ones."
    store.add(Document(text, form="md"))
    hit = Searcher(store).search("globular").hits[0]
    assert text[hit.start : hit.stop] == hit.text


def test_word_forms_are_the_same_word(store):
    store.add(Document("Galaxies that collided."))
    assert Searcher(store).search("a galaxy colliding").hits


def test_of_texts_that_fit_alike_the_one_with_the_exact_name_goes_first(store):
    for number in (6, 63, 639, 6397, 6398):
        store.add(Document(f"The stars of cluster NGC {number} and what is known of their motion."))
    store.add(Document("The motion of stars is known: stars of cluster after cluster."))
    best = Searcher(store).search("motion of stars in NGC6397").hits[0]
    assert "NGC 6397" in best.text


def test_a_filter_gives_what_a_store_of_that_collection_alone_gives(store, tmp_path):
    alone = KnowledgeStore(tmp_path / "alone.db")
    texts = [
        Document(f"Star number {k} is a star of the sky." + " sky" * (k % 7)) for k in range(400)
    ]
    store.add_all(texts[:380], collection="many")
    store.add_all(texts[380:], collection="few")
    alone.add_all(texts[380:], collection="few")
    found = Searcher(store).search("star of the sky", limit=5, collection="few")
    expected = Searcher(alone).search("star of the sky", limit=5, collection="few")
    assert len(found.hits) == 5
    assert len(expected.hits) == 5
    assert {hit.text for hit in found.hits} <= {one.text for one in texts[380:]}


def test_nothing_found_is_an_answer(store):
    store.add(Document("About stars."))
    assert Searcher(store).search("quantum chromodynamics").hits == ()


@pytest.mark.parametrize(
    "question", ['"', "NEAR(", "a OR", "*", "x' --", "AND NOT", "?!", "col:umn"]
)
def test_what_means_something_to_sqlite_is_only_text(store, question):
    store.add(Document("About stars."))
    assert Searcher(store).search(question).legs


def test_a_blank_question_is_refused(store):
    with pytest.raises(InputError, match="blank"):
        Searcher(store).search("  ")


def test_a_limit_out_of_range_is_refused(store):
    with pytest.raises(InputError, match=r"limit must be 1 to 100, got 0"):
        Searcher(store).search("star", limit=0)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Gaia sources near NGC 6397?", "NGC 6397"),
        ("What is M31", "M31"),
        ("see 2016A&A...595A...1G for it", "2016A&A...595A...1G"),
        ("the column phot_g_mean_mag", "phot_g_mean_mag"),
        ("how does SkyCoord work", "SkyCoord"),
        ("paper 2501.03496", "2501.03496"),
    ],
)
def test_exact_names_are_seen(question, name):
    assert name in identifiers_in(question)


def test_plain_words_are_no_names():
    assert identifiers_in("How far is the Moon from the Earth in 2020?") == []


def test_a_name_is_held_as_such_only():
    assert holds("NGC6397", "stars of NGC 6397.")
    assert not holds("NGC 639", "stars of NGC 6397.")
    assert not holds("M3", "M31 is near")


@given(st.text(max_size=200))
def test_any_question_becomes_a_query_that_sqlite_takes(question):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = 'porter unicode61')")
    if query := lexical_query(question, identifiers_in(question)):
        connection.execute("SELECT * FROM t WHERE t MATCH ?", (query,)).fetchall()
    connection.close()


@given(st.dictionaries(st.integers(), st.floats(-1e6, 1e6), min_size=1))
def test_spread_scores_lie_in_the_unit_interval_and_keep_their_order(scores):
    told = spread(scores)
    assert max(told.values()) == 1
    assert all(0 <= value <= 1 for value in told.values())
    ranked = sorted(scores, key=scores.__getitem__)
    assert all(told[a] <= told[b] for a, b in itertools.pairwise(ranked))
