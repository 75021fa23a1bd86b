"""All vectors of a knowledge base in one matrix: exact search, read again when it changed.

The matrix is kept in a file beside the database and mapped into memory, so that a process that
asks one question reads what it compares and no rows. The file carries the stamp of the state it
was read from; the database is the truth, and the file may be deleted at any time.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_FEWEST_KEPT = 5_000
"""Vectors below which the rows are read in less time than a question takes to embed."""
_ALIGNMENT = 64  # of the parts of the file [bytes]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Unit vectors of chunks, in the order of their ids."""

    stamp: str
    ids: npt.NDArray[np.int64]
    collections: tuple[str, ...]
    collection_of: npt.NDArray[np.int32]
    """For each vector, the place of its collection in ``collections``."""
    vectors: npt.NDArray[np.float32]

    def best(
        self, question: npt.NDArray[np.float32], collection: str | None, limit: int
    ) -> dict[int, float]:
        """Return the cosines of the nearest chunks; with a filter, of the nearest that pass it.

        Parameters
        ----------
        question : ndarray, shape (dimension,)
            Unit vector.
        collection : str, optional
            The only one that passes.
        limit : int
            Most chunks.
        """
        cosines = self.vectors @ question
        rows = np.arange(len(self.ids)) if collection is None else self._rows(collection)
        if len(rows) > limit:
            rows = rows[np.argpartition(-cosines[rows], limit - 1)[:limit]]
        return {int(self.ids[row]): float(cosines[row]) for row in rows}

    def count(self, collection: str | None) -> int:
        """Return how many vectors there are, of a collection or of all."""
        return len(self.ids) if collection is None else len(self._rows(collection))

    def _rows(self, collection: str) -> npt.NDArray[np.intp]:
        if collection not in self.collections:
            return np.empty(0, np.intp)
        return np.flatnonzero(self.collection_of == self.collections.index(collection))


def stamp_of(connection: sqlite3.Connection) -> str:
    """Return the name of the state that a connection sees; every transaction gives another."""
    return str(connection.execute("SELECT stamp FROM state").fetchone()[0])


def read_matrix(
    connection: sqlite3.Connection, embedder_id: str, dimension: int, database: Path
) -> Matrix:
    """Read all vectors of an embedder: from the file beside the database, else from its rows."""
    stamp = stamp_of(connection)
    path = _file(database, embedder_id)
    if kept := _mapped(path, stamp, dimension):
        return kept
    matrix = _from_rows(connection, embedder_id, dimension, stamp)
    if len(matrix.ids) >= _FEWEST_KEPT:
        _write(path, matrix)
    return matrix


def drop_files(database: Path) -> None:
    """Delete the matrices beside a database, so that nothing of a removed document stays."""
    for path in database.parent.glob(f"{database.name}.*.vectors"):
        path.unlink(missing_ok=True)


def _file(database: Path, embedder_id: str) -> Path:
    return database.with_name(f"{database.name}.{zlib.crc32(embedder_id.encode()):08x}.vectors")


def _from_rows(
    connection: sqlite3.Connection, embedder_id: str, dimension: int, stamp: str
) -> Matrix:
    rows = connection.execute(
        "SELECT chunk_id, collection, vector FROM vector JOIN chunk ON chunk.id = chunk_id"
        " JOIN document ON document.id = document_id WHERE embedder_id = ? ORDER BY chunk_id",
        (embedder_id,),
    )
    ids, names, blobs = [], [], []
    for chunk_id, collection, blob in rows:
        ids.append(chunk_id)
        names.append(collection)
        blobs.append(blob)
    collections = tuple(dict.fromkeys(names))
    place = {name: k for k, name in enumerate(collections)}
    return Matrix(
        stamp,
        np.array(ids, np.int64),
        collections,
        np.array([place[name] for name in names], np.int32),
        np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), dimension),
    )


def _write(path: Path, matrix: Matrix) -> None:
    """Write under another name and rename: a reader sees the old file or the new one, whole.

    A folder that cannot be written, or a full disk, costs the next process its time, no answer.
    """
    header = json.dumps(
        {"stamp": matrix.stamp, "collections": matrix.collections,
         "count": len(matrix.ids), "dimension": matrix.vectors.shape[1]}
    ).encode()  # fmt: skip
    temporary: str | None = None
    with suppress(OSError):
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
            with os.fdopen(handle, "wb") as file:
                file.write(len(header).to_bytes(8, "little") + header)
                for part in (matrix.ids, matrix.collection_of, matrix.vectors):
                    file.write(bytes(-file.tell() % _ALIGNMENT))
                    file.write(np.ascontiguousarray(part).data)
            Path(temporary).replace(path)
            temporary = None
        finally:
            if temporary:
                Path(temporary).unlink()


def _mapped(path: Path, stamp: str, dimension: int) -> Matrix | None:
    """Map the file; None where there is none, or it is of another state, or cut short."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header: dict[str, Any] = json.loads(file.read(min(size, 1 << 20)))
        if header["stamp"] != stamp or header["dimension"] != dimension:
            return None
        count, at = int(header["count"]), 8 + size
        parts = []
        for kind, shape in (("<i8", (count,)), ("<i4", (count,)), ("<f4", (count, dimension))):
            at += -at % _ALIGNMENT
            part = np.memmap(path, kind, "r", at, shape)
            parts.append(part)
            at += part.nbytes
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Matrix(stamp, parts[0], tuple(header["collections"]), parts[1], parts[2])
