import numpy as np
import pytest

from skywright.assistant.knowledge import vectors
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.assistant.knowledge.stores.sqlite import SqliteVectors
from skywright.assistant.knowledge.vectors import read_matrix
from tests.assistant.knowledge.fake_embedder import FakeEmbedder

EMBEDDER = FakeEmbedder()


@pytest.fixture(autouse=True)
def _kept_from_the_first(monkeypatch):
    monkeypatch.setattr(vectors, "_FEWEST_KEPT", 1)


@pytest.fixture
def store(tmp_path):
    store = KnowledgeStore(tmp_path / "knowledge.db")
    store.add_all([Document(f"Star {k} shines.") for k in range(20)])
    store.add_vectors(EMBEDDER.id, range(1, 21), _drawn())
    return store


def _drawn():
    return np.random.default_rng(1).normal(size=(20, EMBEDDER.dimension)).astype(np.float32)


def _read(store):
    with store.read() as connection:
        return read_matrix(connection, EMBEDDER.id, EMBEDDER.dimension, store.path)


def _files(store):
    return list(store.path.parent.glob("*.vectors"))


def test_the_file_gives_what_the_rows_gave(store):
    first, again = _read(store), _read(store)
    assert isinstance(again.vectors, np.memmap)
    assert np.array_equal(first.vectors, again.vectors)
    assert first.ids.tolist() == again.ids.tolist()
    assert (first.collections, again.count("default")) == (again.collections, 20)


def test_a_file_of_another_state_is_not_used(store):
    _read(store)
    store.add(Document("A new star."))
    store.add_vectors(EMBEDDER.id, [21], _drawn()[:1])
    assert _read(store).count(None) == 21
    assert len(_files(store)) == 1


@pytest.mark.parametrize("length", [0, 5, 40, 300])
def test_a_file_that_was_cut_is_not_used(store, length):
    _read(store)
    [path] = _files(store)
    path.write_bytes(path.read_bytes()[:length])
    assert np.array_equal(_read(store).vectors, _drawn())


def test_nothing_of_a_removed_document_stays_in_a_file(store):
    _read(store)
    store.remove(3)
    assert _files(store) == []


def test_a_few_vectors_need_no_file(store, monkeypatch):
    monkeypatch.setattr(vectors, "_FEWEST_KEPT", 21)
    _read(store)
    assert _files(store) == []


def test_where_no_file_can_be_written_the_answer_comes_all_the_same(store, monkeypatch):
    def refused(*_, **__):
        raise OSError

    monkeypatch.setattr(vectors.tempfile, "mkstemp", refused)
    found = SqliteVectors(store, EMBEDDER).search(_drawn()[4], 1, None)
    assert list(found) == [5]
