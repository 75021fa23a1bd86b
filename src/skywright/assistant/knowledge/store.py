"""Where documents and their chunks rest: one SQLite file, a document whole or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.assistant.knowledge.blocks import Format
from skywright.assistant.knowledge.chunking import Chunk, chunks_of
from skywright.assistant.knowledge.schema import STEPS
from skywright.assistant.knowledge.vectors import drop_files
from skywright.errors import InputError, NotFoundError
from skywright.settings import Settings, get_settings
from skywright.store.database import StoreError, utc_now
from skywright.store.sqlite_file import SqliteFile

DENSE_WEIGHT = 0.8
"""Weight of meaning against words until a collection is tuned: best on both halves of Astro-QA."""

COLLECTION = "default"
_FILE_NAME = "knowledge.db"
_COUNT_IT = "UPDATE state SET generation = generation + 1, stamp = lower(hex(randomblob(16)))"


@dataclass(frozen=True, slots=True)
class Document:
    """A text with where it comes from."""

    text: str
    title: str = ""
    source: str = ""
    """Path, URL or name that a citation gives."""
    form: Format = "txt"
    version: str = ""
    licence: str = ""

    @property
    def sha256(self) -> str:
        """Hash of title and text: the same content has it wherever it lies."""
        return hashlib.sha256(f"{self.title}\0{self.text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a document."""

    document_id: int
    chunks: int
    is_new: bool
    replaced: int = 0
    """Documents of the same source that it stands in place of."""


class KnowledgeStore:
    """One file of collections; every call opens it, so threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = SqliteFile(path, STEPS, "The knowledge base")

    @classmethod
    def of(cls, settings: Settings | None = None) -> KnowledgeStore:
        """Return the knowledge base in the data folder."""
        folder = (settings or get_settings()).data_dir.expanduser().absolute()
        return cls(folder / _FILE_NAME)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open a connection that sees one state, whatever others write meanwhile."""
        with self._file.read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: all of it is kept, on the disk, or nothing."""
        with self._file.write() as connection:
            yield connection
            connection.execute(_COUNT_IT)

    def add(self, document: Document, *, collection: str = COLLECTION) -> Added:
        """Keep a document with its chunks and words; the same content is kept once.

        Raises
        ------
        InputError
            If the text is blank, or the name of the collection is.
        """
        return self.add_all([document], collection=collection)[0]

    def add_all(
        self,
        documents: Sequence[Document],
        *,
        collection: str = COLLECTION,
        replace: bool = False,
    ) -> list[Added]:
        """Keep documents in one transaction; ``replace`` erases others of the same source."""
        cut = _cut(documents, collection)
        with self.write() as connection:
            added = _add_all(connection, collection, cut)
            if not replace:
                return added
            return [
                dataclasses.replace(
                    one, replaced=_erase_others(connection, collection, document, one.document_id)
                )
                for one, document in zip(added, documents, strict=True)
            ]

    def replace_all(self, documents: Sequence[Document], *, collection: str) -> None:
        """Make documents the whole of a collection, in one transaction; what is known stays."""
        cut = _cut(documents, collection)
        wanted = {one.sha256 for one in documents}
        with self.write() as connection:
            rows = connection.execute(
                "SELECT id, sha256 FROM document WHERE collection = ?", (collection,)
            ).fetchall()
            gone = [(row["id"],) for row in rows if row["sha256"] not in wanted]
            connection.executemany("DELETE FROM chunk WHERE document_id = ?", gone)
            connection.executemany("DELETE FROM document WHERE id = ?", gone)
            _add_all(connection, collection, cut)
        if gone:
            drop_files(self.path)

    def hashes(self, collection: str) -> set[str]:
        """Return the hashes of a collection's documents."""
        with self.read() as connection:
            rows = connection.execute(
                "SELECT sha256 FROM document WHERE collection = ?", (collection,)
            )
            return {row["sha256"] for row in rows}

    def remove(self, document_id: int) -> None:
        """Erase a document with its chunks, words and vectors.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self.write() as connection:
            if abs(document_id) >= 1 << 63 or not _erase(connection, document_id):
                message = f"There is no document {document_id} in the knowledge base."
                raise NotFoundError(message, hint="skywright knowledge stats lists them.")
        drop_files(self.path)

    def documents(self, *, collection: str | None = None) -> list[dict[str, Any]]:
        """Return the documents, oldest first, without their text."""
        with self.read() as connection:
            rows = connection.execute(
                "SELECT document.*, count(chunk.id) AS chunks FROM document"
                " JOIN chunk ON chunk.document_id = document.id"
                " WHERE :collection IS NULL OR collection = :collection"
                " GROUP BY document.id ORDER BY document.id",
                {"collection": collection},
            )
            return [dict(row) for row in rows]

    def stats(self) -> dict[str, Any]:
        """Return counts, by collection and by embedder, and the size of the file [bytes]."""
        with self.read() as connection:
            collections = connection.execute(
                "SELECT name, dense_weight, count(DISTINCT document.id) AS documents,"
                " count(chunk.id) AS chunks FROM collection"
                " LEFT JOIN document ON document.collection = name"
                " LEFT JOIN chunk ON chunk.document_id = document.id GROUP BY name"
            ).fetchall()
            vectors = connection.execute(
                "SELECT embedder_id, count(*) AS vectors FROM vector GROUP BY embedder_id"
            ).fetchall()
        told = [dict(row) for row in collections]
        return {
            "path": str(self.path),
            "size_bytes": self.path.stat().st_size,
            "documents": sum(one["documents"] for one in told),
            "chunks": sum(one["chunks"] for one in told),
            "collections": told,
            "vectors": {row["embedder_id"]: row["vectors"] for row in vectors},
        }

    def dense_weight(self, collection: str) -> float:
        """Return the weight of meaning against words in a collection, in [0, 1]."""
        with self.read() as connection:
            found = connection.execute(
                "SELECT dense_weight FROM collection WHERE name = ?", (collection,)
            ).fetchone()
        return float(found[0]) if found else DENSE_WEIGHT

    def set_dense_weight(self, collection: str, weight: float) -> None:
        """Set the weight of meaning against words in a collection, in [0, 1]."""
        with self.write() as connection:
            connection.execute(
                "UPDATE collection SET dense_weight = ? WHERE name = ?", (weight, collection)
            )

    def without_vector(
        self, embedder_id: str, limit: int, *, collection: str | None = None
    ) -> list[tuple[int, str]]:
        """Return ids and texts, headings in front, of chunks that wait for their vector."""
        with self.read() as connection:
            rows = connection.execute(
                "SELECT id, heading, text FROM chunk WHERE NOT EXISTS (SELECT 1 FROM vector"
                " WHERE chunk_id = chunk.id AND embedder_id = :embedder)"
                " AND (:collection IS NULL OR document_id IN"
                " (SELECT id FROM document WHERE collection = :collection))"
                " ORDER BY length(text), id LIMIT :limit",
                {"embedder": embedder_id, "collection": collection, "limit": limit},
            )
            return [(row["id"], Chunk(0, row["heading"], 0, 0, row["text"]).in_context)
                    for row in rows]  # fmt: skip

    def add_vectors(
        self, embedder_id: str, ids: Sequence[int], vectors: npt.NDArray[np.float32]
    ) -> None:
        """Keep the vectors of chunks; those of chunks removed meanwhile are dropped.

        Parameters
        ----------
        embedder_id : str
            Which embedder made them.
        ids : sequence of int, length n
            Chunks.
        vectors : ndarray, shape (n, dimension)
            Unit vectors.
        """
        rows = [
            (embedder_id, vector.astype("<f4").tobytes(), id_)
            for id_, vector in zip(ids, vectors, strict=True)
        ]
        with self.write() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO vector (chunk_id, embedder_id, vector)"
                " SELECT id, ?, ? FROM chunk WHERE id = ?",
                rows,
            )


def _erase(connection: sqlite3.Connection, document_id: int) -> int:
    # The deletions are spelled out: triggers of a cascade would see the rows gone.
    connection.execute("DELETE FROM chunk WHERE document_id = ?", (document_id,))
    return connection.execute("DELETE FROM document WHERE id = ?", (document_id,)).rowcount


def _erase_others(
    connection: sqlite3.Connection, collection: str, document: Document, document_id: int
) -> int:
    """Erase what the source of a document said before; texts without a source have no before."""
    rows = connection.execute(
        "SELECT id FROM document WHERE collection = ? AND source = ? AND source != '' AND id != ?",
        (collection, document.source, document_id),
    ).fetchall()
    return sum(_erase(connection, row["id"]) for row in rows)


def _cut(documents: Sequence[Document], collection: str) -> list[tuple[Document, list[Chunk]]]:
    cut = [(one, chunks_of(one.text, one.form, title=one.title)) for one in documents]
    for document, chunks in cut:
        if not chunks:
            message = f"The document {document.source or document.title!r} holds no text."
            raise InputError(message, hint="Scanned pages need their text recognised first.")
    if not collection.strip():
        message = f"The name of a collection may not be blank, got {collection!r}."
        raise InputError(message)
    return cut


def _add_all(
    connection: sqlite3.Connection, collection: str, cut: list[tuple[Document, list[Chunk]]]
) -> list[Added]:
    connection.execute("INSERT OR IGNORE INTO collection VALUES (?, ?)", (collection, DENSE_WEIGHT))
    return [_add(connection, collection, *one) for one in cut]


def _add(
    connection: sqlite3.Connection, collection: str, document: Document, chunks: list[Chunk]
) -> Added:
    sha256 = document.sha256
    known = connection.execute(
        "SELECT id FROM document WHERE collection = ? AND sha256 = ?", (collection, sha256)
    ).fetchone()
    if known:
        return Added(known["id"], len(chunks), is_new=False)
    id_ = connection.execute(
        "INSERT INTO document (collection, sha256, title, source, version, licence, format,"
        " characters, loaded_at_utc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (collection, sha256, document.title, document.source, document.version,
         document.licence, document.form, len(document.text), utc_now()),
    ).lastrowid  # fmt: skip
    if id_ is None:
        message = "SQLite gave no id for the row it inserted."
        raise StoreError(message)
    connection.executemany(
        "INSERT INTO chunk (document_id, ordinal, heading, start, stop, text)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(id_, one.ordinal, one.heading, one.start, one.stop, one.text) for one in chunks],
    )
    return Added(id_, len(chunks), is_new=True)
