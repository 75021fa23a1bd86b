"""Nearest vectors: comparing all of them, beside Chroma and Qdrant's local mode in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from assistant import QUESTIONS, knowledge_of, made_vectors, quantiles_ms

from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.knowledge.stores.port import VectorRows, VectorStore
from skywright.assistant.knowledge.stores.sqlite import SqliteVectors

_NEAREST = 10
_AT_ONCE = 2_000
_CHUNKS_OF_SEED = 10_000
_LARGEST = {"ours": 10**7, "chroma": 100_000, "qdrant local": 20_000}
"""Above this Chroma's graph takes too long to build, and Qdrant's local mode warns that it is not
made for so many."""

_Vectors = npt.NDArray[np.float32]


def search(corpus: Path, work: Path, sizes: list[int]) -> dict[str, Any]:
    """Time a search of the ten nearest at each size, and count how many of them are right."""
    embedder = MiniLM()
    seed = SqliteVectors(knowledge_of(corpus, work, _CHUNKS_OF_SEED), embedder)
    real = np.array(seed._matrix().vectors[:1_500])
    questions = embedder.embed_queries(list(QUESTIONS))
    told: dict[str, Any] = {"nearest": _NEAREST, "vectors": "MiniLM, and means of two with noise"}
    for size in sizes:
        vectors = made_vectors(real, size)
        exact = np.argsort(-(questions @ vectors.T), axis=1)[:, :_NEAREST] + 1
        told[str(size)] = {
            name: _judged(opener, vectors, questions, exact)
            for name, opener in (("ours", _ours), ("chroma", _chroma), ("qdrant local", _qdrant))
            if size <= _LARGEST[name]
        }
    return told


def _judged(
    opener: Callable[[Path, int], tuple[VectorStore, Callable[[], VectorStore]]],
    vectors: _Vectors, questions: _Vectors, exact: npt.NDArray[np.int64],
) -> dict[str, Any]:  # fmt: skip
    with TemporaryDirectory() as folder:
        store, again = opener(Path(folder), len(vectors))
        begun = time.perf_counter()
        for start in range(0, len(vectors), _AT_ONCE):
            part = vectors[start : start + _AT_ONCE]
            ids = range(start + 1, start + 1 + len(part))
            store.add(VectorRows(ids, ["all"] * len(part), part))
        built_s = time.perf_counter() - begun
        store.search(questions[0], _NEAREST, None)
        times, right = [], 0
        for question, wanted in zip(questions, exact, strict=True):
            begun = time.perf_counter()
            found = store.search(question, _NEAREST, None)
            times.append(time.perf_counter() - begun)
            right += len(set(found).intersection(wanted.tolist()))
        store.close()
        begun = time.perf_counter()
        opened = again()
        opened.search(questions[0], _NEAREST, None)
        cold_s = time.perf_counter() - begun
        opened.close()
    return quantiles_ms(times) | {
        "recall_at_10": round(right / exact.size, 4),
        "built_s": round(built_s, 1),
        "opened_and_first_search_s": round(cold_s, 3),
    }


def _ours(folder: Path, size: int) -> tuple[VectorStore, Callable[[], VectorStore]]:
    """Chunks without text: this part is about vectors."""
    store = KnowledgeStore(folder / "knowledge.db")
    with store.write() as connection:
        connection.execute("INSERT INTO collection VALUES ('all', 0.8)")
        connection.execute(
            "INSERT INTO document (collection, sha256, title, source, version, licence, format,"
            " characters, loaded_at_utc) VALUES ('all', 'x', '', '', '', '', 'txt', 1, '')"
        )
        connection.executemany(
            "INSERT INTO chunk (document_id, ordinal, heading, start, stop, text)"
            " VALUES (1, ?, '', 0, 1, 'x')",
            [(k,) for k in range(size)],
        )
    embedder = MiniLM()
    return SqliteVectors(store, embedder), lambda: SqliteVectors(store, embedder)


def _qdrant(folder: Path, _size: int) -> tuple[VectorStore, Callable[[], VectorStore]]:
    from skywright.assistant.knowledge.stores.qdrant import QdrantVectors

    def opened() -> VectorStore:
        return QdrantVectors.in_folder(str(folder), "bench", MiniLM.dimension)

    return opened(), opened


class _LocalChroma:
    """Chroma in this process, as its first page shows it."""

    def __init__(self, folder: Path) -> None:
        import chromadb

        self._client = chromadb.PersistentClient(
            str(folder), settings=chromadb.Settings(anonymized_telemetry=False)
        )
        self._held: Any = self._client.get_or_create_collection(
            "bench", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )

    def add(self, rows: VectorRows) -> None:
        self._held.add(ids=[str(id_) for id_ in rows.ids], embeddings=rows.vectors)

    def search(self, question: _Vectors, limit: int, _collection: str | None) -> dict[int, float]:
        found = self._held.query(
            query_embeddings=question[None, :], n_results=limit, include=["distances"]
        )
        return {int(id_): 0.0 for id_ in found["ids"][0]}

    def close(self) -> None:
        self._client.close()


def _chroma(folder: Path, _size: int) -> tuple[Any, Callable[[], Any]]:
    return _LocalChroma(folder), lambda: _LocalChroma(folder)
