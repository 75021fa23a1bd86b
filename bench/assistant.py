"""Figures of the assistant: one JSON object, each figure beside what it is measured on.

    .venv/bin/python bench/assistant.py --corpus docs_corpus.dev.jsonl.gz [--work DIR]
        [--only answers,index,search,kills] [--sizes 10000,100000]

The corpus is lines of JSON with ``text``, ``title`` and ``format``. Where it has fewer chunks than
wanted, documents with its sections in another order are added, so that words and their counts stay
real. Vectors of the first chunks are those of MiniLM; each further one is the mean of two of them
with noise, of unit length. The work folder keeps both for the next run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.assistant.knowledge.evidence import find_evidence
from skywright.assistant.knowledge.loading import load
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.settings import Settings

_CHUNKS = 10_000
_REAL_VECTORS = 1_500
_NOISE = 0.02  # of each of 384 numbers, whose own spread is 0.05
_KILLS = 40

# Answered from documents: a question that runs a tool waits for its service.
QUESTIONS = (
    "Which radius does a cone search of SDSS allow?",
    "How many rows does Gaia return unless the limit is set?",
    "What is the epoch of the positions in Gaia DR3?",
    "How often may SIMBAD be asked in a second?",
    "What does the Palermo scale compare the risk with?",
    "What does a small MOID mean?",
    "What is a keyhole?",
    "How is the diameter of an asteroid found from its magnitude?",
    "What is dilution of the probability of collision?",
    "Which frame does SGP4 give positions in?",
    "How is extinction in G found from the reddening?",
    "Why does a colour cut alone not select red giants?",
    "Which columns does obscore have?",
    "What does a bibcode consist of?",
    "How do I read a FITS file into a table?",
    "How are units attached to an array?",
    "How is a sky coordinate turned into galactic longitude?",
    "How does a model get fitted to data?",
    "How are bagpipes tuned?",
    "What is the recipe of a chocolate cake?",
)


def knowledge_of(corpus: Path, work: Path, chunks: int) -> KnowledgeStore:
    """Return a knowledge base of a size, with a vector for every chunk."""
    folder = work / f"answers-{chunks}"
    store = KnowledgeStore.of(Settings(data_dir=folder))
    if not store.path.exists() or store.stats()["chunks"] < chunks:
        _fill(store, load(corpus), chunks)
    embedder = MiniLM()
    if waiting := store.without_vector(embedder.id, chunks * 2):
        real = embedder.embed_passages([text for _, text in waiting[:_REAL_VECTORS]])
        store.add_vectors(
            embedder.id, [id_ for id_, _ in waiting], made_vectors(real, len(waiting))
        )
    return store


def _fill(store: KnowledgeStore, documents: Sequence[Document], chunks: int) -> None:
    drawn = random.Random(1)
    for number in range(1, 100):
        for start in range(0, len(documents), 100):
            store.add_all(documents[start : start + 100])
            if store.stats()["chunks"] >= chunks:
                return
        documents = [_mixed(one, number, drawn) for one in documents]


def _mixed(document: Document, number: int, drawn: random.Random) -> Document:
    parts = document.text.split("\n\n")
    drawn.shuffle(parts)
    return Document(
        "\n\n".join(parts), f"{document.title} ({number})", f"{document.source}#{number}",
        document.form,
    )  # fmt: skip


def made_vectors(real: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """Return the real vectors, then means of two of them with noise."""
    drawn = np.random.default_rng(2)
    extra = max(0, count - len(real))
    pairs = drawn.integers(0, len(real), size=(2, extra))
    mixed = real[pairs[0]] + real[pairs[1]]
    mixed += drawn.normal(scale=2 * _NOISE, size=mixed.shape).astype(np.float32)
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.concatenate([real[:count], mixed]).astype(np.float32, copy=False)


def quantiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile [ms]."""
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"p50_ms": round(1000 * float(p50), 2), "p95_ms": round(1000 * float(p95), 2)}


def answers(corpus: Path, work: Path) -> dict[str, Any]:
    """Time the first event and the whole answer, without a language model."""
    from skywright.assistant.session import Session

    store = knowledge_of(corpus, work, _CHUNKS)
    session = Session(Settings(data_dir=store.path.parent), model="rules")
    for _ in session.stream(QUESTIONS[0]):
        pass  # weights and matrix are read once in a process
    first, whole = [], []
    for question in QUESTIONS:
        begun = time.perf_counter()
        events = session.stream(question)
        next(events)
        first.append(time.perf_counter() - begun)
        for _ in events:
            pass
        whole.append(time.perf_counter() - begun)
    evidence = {}
    for name, embedder in (("words", None), ("words and meaning", MiniLM())):
        searcher = Searcher(store, embedder)
        find_evidence(searcher, QUESTIONS[0])
        evidence[name] = quantiles_ms(
            [_timed(partial(find_evidence, searcher, one)) for one in QUESTIONS]
        )
    return {
        "chunks": store.stats()["chunks"],
        "questions": len(QUESTIONS),
        "first_event": quantiles_ms(first) | {"target_p95_ms": 100},
        "whole_answer": quantiles_ms(whole) | {"target_p95_ms": 500},
        "search_and_quotes": evidence,
    }


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def index(corpus: Path, _work: Path) -> dict[str, Any]:
    """Time cutting, keeping and embedding."""
    with TemporaryDirectory() as folder:
        store = KnowledgeStore(Path(folder) / "knowledge.db")
        documents = load(corpus)
        begun = time.perf_counter()
        for start in range(0, len(documents), 100):
            store.add_all(documents[start : start + 100])
        words_s = time.perf_counter() - begun
        chunks = store.stats()["chunks"]
        embedder = MiniLM()
        texts = [text for _, text in store.without_vector(embedder.id, chunks)][::25][:150]
        embedder.embed_passages(texts[:2])
        vectors_s = _timed(lambda: embedder.embed_passages(texts))
    return {
        "documents": len(documents),
        "chunks": chunks,
        "chunks_by_words_per_s": round(chunks / words_s),
        "chunks_embedded_per_s": round(len(texts) / vectors_s, 1),
    }


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from skywright.assistant.knowledge.store import Document, KnowledgeStore
store = KnowledgeStore(Path(sys.argv[1]))
for k in range(1_000_000):
    added = store.add_all([Document(f"Run {sys.argv[2]} text {k} {n}") for n in range(20)])
    store.add_vectors("bench", [one.document_id for one in added], np.ones((20, 384), np.float32))
    print(added[-1].document_id, flush=True)
"""


def kills(_corpus: Path, _work: Path) -> dict[str, Any]:
    """Kill a writer of 20 chunks a transaction again and again; look what is there."""
    drawn = random.Random(7)
    lost = inconsistent = acknowledged = 0
    with TemporaryDirectory() as folder:
        store = KnowledgeStore(Path(folder) / "knowledge.db")
        for run in range(_KILLS):
            command = [sys.executable, "-c", _WRITER, str(store.path), str(run)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
                assert writer.stdout is not None
                told = [int(writer.stdout.readline())]
                time.sleep(drawn.uniform(0, 0.5))
                os.kill(writer.pid, signal.SIGKILL)
                told += [int(line) for line in writer.stdout if line.endswith("\n")]
            acknowledged += len(told)
            lost += _lost(store, told)
            inconsistent += not _is_whole(store)
        rows = store.stats()["chunks"]
    return {"kills": _KILLS, "acknowledged_transactions": acknowledged, "lost": lost,
            "inconsistent": inconsistent, "chunks": rows}  # fmt: skip


def _lost(store: KnowledgeStore, told: list[int]) -> int:
    """Count acknowledged transactions whose last document is not there with chunk and vector."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT document_id FROM chunk JOIN vector ON chunk_id = chunk.id"
            " WHERE document_id IN (SELECT value FROM json_each(?))",
            (json.dumps(told),),
        )
        return len(set(told) - {row[0] for row in rows})


def _is_whole(store: KnowledgeStore) -> bool:
    with store.read() as connection:
        check = connection.execute("PRAGMA integrity_check").fetchone()[0]
        words = connection.execute("SELECT count(*) FROM chunk_words").fetchone()[0]
        chunks = connection.execute("SELECT count(*) FROM chunk").fetchone()[0]
        bare = connection.execute(
            "SELECT count(*) FROM document WHERE id NOT IN (SELECT document_id FROM chunk)"
        ).fetchone()[0]
    with store.write() as connection:
        connection.execute("INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')")
    return check == "ok" and words == chunks and chunks % 20 == 0 and not bare


def main() -> None:
    """Run the parts that are asked for."""
    names = ("answers", "index", "search", "kills")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=None)
    parser.add_argument("--only", default=",".join(names))
    parser.add_argument("--sizes", default="10000,100000")
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from assistant_search import search

    sizes = [int(size) for size in given.sizes.split(",")]
    parts: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
        "answers": answers,
        "index": index,
        "search": lambda corpus, work: search(corpus, work, sizes),
        "kills": kills,
    }
    told: dict[str, Any] = {"cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1)}
    with TemporaryDirectory() as folder:
        work = given.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for part in given.only.split(","):
            if part not in parts:
                sys.exit(f"no part named {part!r}; there are {', '.join(parts)}")
            begun = time.perf_counter()
            told[part] = parts[part](given.corpus, work)
            told[part]["seconds"] = round(time.perf_counter() - begun, 1)
            print(f"{part} done", file=sys.stderr, flush=True)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
