import contextlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.assistant.knowledge.embedding import embed_waiting
from skywright.assistant.knowledge.searching import Scores, Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from tests.assistant.knowledge.fake_embedder import FakeEmbedder


@pytest.fixture
def store(tmp_path):
    made = KnowledgeStore(tmp_path / "knowledge.db")
    texts = [f"The sun number {k} is distant by {k * k} parsecs." for k in range(150)]
    made.add_all([Document(text) for text in texts], collection="stars")
    made.add_all([Document(f"A rocket of stage {k}.") for k in range(50)], collection="rockets")
    return made


def _all_cosines(store, question):
    """Compare with every chunk, one by one."""
    embedder = FakeEmbedder()
    vector = embedder.embed_queries([question])[0]
    with store.read() as connection:
        rows = connection.execute("SELECT id, heading, text FROM chunk").fetchall()
    return {row["id"]: float(embedder.embed_passages([row["text"]])[0] @ vector) for row in rows}


def test_words_are_searched_before_there_are_vectors(store):
    found = Searcher(store, FakeEmbedder()).search("rocket stage")
    assert found.legs == ("lexical",)
    assert (found.with_vector, found.chunks) == (0, 200)


def test_what_is_said_in_other_words_is_found_by_meaning(store):
    embed_waiting(store, FakeEmbedder())
    found = Searcher(store, FakeEmbedder()).search("star far")
    assert found.legs == ("lexical", "dense")
    assert {hit.collection for hit in found.hits} == {"stars"}
    assert found.hits[0].lexical is None


def test_embedding_that_was_stopped_goes_on_where_it_was(store):
    stopped, resumed = FakeEmbedder(stop_after=64), FakeEmbedder()
    with contextlib.suppress(KeyboardInterrupt):
        embed_waiting(store, stopped)
    told = []
    assert embed_waiting(store, resumed, on_progress=told.append) == 200 - 64
    assert told == [64, 128, 136]
    assert store.stats()["vectors"] == {"fake-1": 200}


def test_a_chunk_that_was_removed_meanwhile_gets_no_vector(store):
    waiting = store.without_vector("fake-1", 1)
    with store.read() as connection:
        owner = connection.execute(
            "SELECT document_id FROM chunk WHERE id = ?", (waiting[0][0],)
        ).fetchone()[0]
    store.remove(owner)
    store.add_vectors("fake-1", [waiting[0][0]], np.ones((1, 64), np.float32))
    assert store.stats()["vectors"] == {}


def test_cosines_are_those_of_one_by_one(store):
    embed_waiting(store, FakeEmbedder())
    expected = _all_cosines(store, "distant sun 12")
    for hit in Searcher(store, FakeEmbedder()).search("distant sun 12", limit=50).hits:
        assert_allclose(hit.cosine, expected[hit.chunk_id], rtol=0, atol=1e-5)


def test_the_nearest_with_a_filter_are_the_nearest_that_pass_it(store):
    embed_waiting(store, FakeEmbedder())
    store.set_dense_weight("rockets", 1.0)
    expected = _all_cosines(store, "distant sun stage 7")
    found = Searcher(store, FakeEmbedder()).search(
        "distant sun stage 7", limit=20, collection="rockets"
    )
    rockets = sorted((value for id_, value in expected.items() if id_ > 150), reverse=True)
    assert_allclose([hit.cosine for hit in found.hits], rockets[:20], rtol=0, atol=1e-5)
    assert (found.with_vector, found.chunks) == (50, 50)


def test_a_searcher_sees_what_was_added_and_removed_since(store):
    searcher = Searcher(store, FakeEmbedder())
    embed_waiting(store, FakeEmbedder())
    searcher.search("anything")
    added = store.add(Document("A star far away."))
    embed_waiting(store, FakeEmbedder())
    assert searcher.search("distant sun away").hits[0].document_id == added.document_id
    store.remove(added.document_id)
    assert added.document_id not in {
        hit.document_id for hit in searcher.search("distant sun away").hits
    }


def test_vectors_of_another_embedder_are_not_compared(store):
    class Other(FakeEmbedder):
        id = "fake-2"

    embed_waiting(store, Other())
    found = Searcher(store, FakeEmbedder()).search("star far")
    assert (found.hits, found.with_vector) == ((), 0)


def test_the_weight_moves_the_ranking_from_words_to_meaning():
    scores = Scores(lexical={1: 9.0, 2: 1.0, 3: 0.0}, dense={1: 0.0, 2: 0.2, 3: 0.9})
    best = [max(one, key=one.__getitem__) for one in map(scores.fused, (0.0, 1.0))]
    assert best == [1, 3]
    assert scores.fused(0.0) == Scores(lexical=scores.lexical).fused(0.8)


def test_a_chunk_that_holds_the_exact_name_gains_most():
    scores = Scores(lexical={1: 2.0, 2: 2.0}, dense={1: 0.5, 2: 0.5}, named={2: 1.0})
    fused = scores.fused(0.8)
    assert fused[2] > fused[1]
