"""Vectors in PostgreSQL with the extension pgvector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skywright.assistant.knowledge.stores.port import VectorRows, Vectors
from skywright.errors import InputError, MissingExtraError

_MOST_SCANNED = 2_147_483_647
"""Rows that a filtered search may pass over; with fewer it would end with less than asked for."""


class PgVectors:
    """One table with an HNSW index over the cosine distance.

    A plain search of such an index filters after it has fetched: a rare collection would give too
    few rows, silently. The iterative scan in strict order (pgvector 0.8) goes on until enough have
    passed.
    """

    def __init__(self, url: str, name: str, dimension: int) -> None:
        psycopg = _imported()
        self._sql = psycopg.sql
        self._table = psycopg.sql.Identifier(name)
        try:
            self._connection = psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError as error:
            message = f"The PostgreSQL of vectors_url does not answer: {error}."
            raise InputError(message) from error
        self._prepare(psycopg, name, dimension)

    def _prepare(self, psycopg: Any, name: str, dimension: int) -> None:
        try:
            with self._connection.transaction():
                # Two processes that start together: one makes the table, the other waits.
                self._run("SELECT pg_advisory_xact_lock(hashtext(%s))", name)
                self._run("CREATE EXTENSION IF NOT EXISTS vector")
                size = self._sql.Literal(dimension)
                self._connection.execute(
                    self._sql.SQL(
                        "CREATE TABLE IF NOT EXISTS {} (id bigint PRIMARY KEY,"
                        " collection text NOT NULL, vector vector({}) NOT NULL)"
                    ).format(self._table, size)
                )
                index = self._sql.Identifier(f"{name}_nearest")
                self._connection.execute(
                    self._sql.SQL(
                        "CREATE INDEX IF NOT EXISTS {} ON {} USING hnsw (vector vector_cosine_ops)"
                    ).format(index, self._table)
                )
            self._run("SET hnsw.iterative_scan = strict_order")
            self._run(f"SET hnsw.max_scan_tuples = {_MOST_SCANNED}")
        except psycopg.Error as error:
            self._connection.close()
            message = f"PostgreSQL cannot hold vectors: {error}."
            hint = "It needs the extension pgvector 0.8 or newer (Debian: postgresql-NN-pgvector)."
            raise InputError(message, hint=hint) from error

    def add(self, rows: VectorRows) -> None:
        """Keep vectors, all of them or none."""
        statement = self._sql.SQL(
            "INSERT INTO {} VALUES (%s, %s, %s::vector) ON CONFLICT (id) DO UPDATE SET"
            " collection = excluded.collection, vector = excluded.vector"
        ).format(self._table)
        told = [
            (id_, collection, _written(vector))
            for id_, collection, vector in zip(
                rows.ids, rows.collections, rows.vectors, strict=True
            )
        ]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(statement, told)

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors."""
        statement = self._sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(self._table)
        self._connection.execute(statement, (list(ids),))

    def clear(self) -> None:
        """Forget all vectors."""
        self._connection.execute(self._sql.SQL("TRUNCATE {}").format(self._table))

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks."""
        where = self._sql.SQL("WHERE collection = %(collection)s" if collection else "")
        statement = self._sql.SQL(
            "SELECT id, 1 - (vector <=> %(question)s::vector) FROM {} {}"
            " ORDER BY vector <=> %(question)s::vector LIMIT %(limit)s"
        ).format(self._table, where)
        values = {"question": _written(question), "collection": collection, "limit": limit}
        with self._connection.transaction():
            # The index gives no more than it looks at: at least as many as are wanted.
            self._run(f"SET LOCAL hnsw.ef_search = {min(1_000, max(40, 2 * limit))}")
            rows = self._connection.execute(statement, values).fetchall()
        return {int(id_): float(cosine) for id_, cosine in rows}

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are."""
        statement = self._sql.SQL(
            "SELECT count(*) FROM {}"
            " WHERE %(collection)s::text IS NULL OR collection = %(collection)s"
        ).format(self._table)
        row = self._connection.execute(statement, {"collection": collection}).fetchone()
        return int(row[0])

    def ids(self) -> set[int]:
        """Return the chunks that have a vector here."""
        statement = self._sql.SQL("SELECT id FROM {}").format(self._table)
        return {int(row[0]) for row in self._connection.execute(statement)}

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _run(self, statement: str, *values: object) -> None:
        self._connection.execute(statement, values or None)


def _written(vector: Vectors) -> str:
    """Write a vector as pgvector reads it; nine digits keep every float32."""
    return "[" + ",".join(f"{value:.9g}" for value in np.asarray(vector, float)) + "]"


def _imported() -> Any:
    try:
        import psycopg
    except ModuleNotFoundError as error:
        what = "Search by vectors in PostgreSQL"
        raise MissingExtraError(what, "pgvector") from error
    return psycopg
