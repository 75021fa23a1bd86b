"""Labels that people give: stored under a pseudonym, exported, erased, counted for training.

A person has one answer per object and question; a new one takes the place of the old.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from sqlalchemy import delete, insert, select

from skywright.errors import InputError
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.schema import classifications

QUESTIONS = {
    "pha": ("pha", "not_pha"),
    "orbit_class": ("atira", "aten", "apollo", "amor"),
    "unusual": ("unusual", "ordinary"),
}
"""What may be asked of an object, and the labels that answer."""

_QUESTION_OF = {label: question for question, labels in QUESTIONS.items() for label in labels}
_SPELLINGS = {
    "hazardous": "pha",
    "not_hazardous": "not_pha",
    "non_pha": "not_pha",
    "normal": "ordinary",
    "anomaly": "unusual",
}


@dataclass(frozen=True, slots=True)
class Label:
    """One answer of one person."""

    person: str
    """Pseudonym."""
    designation: str
    """Object, as the catalogue writes it."""
    question: str
    """Which question the label answers: pha, orbit_class or unusual."""
    label: str
    """The answer."""
    comment: str
    """Why, in the person's words."""
    at: str
    """Time [UTC, ISO 8601]."""


def read_label(text: str) -> tuple[str, str]:
    """Return question and label of a text in any case, with blanks or hyphens.

    Raises
    ------
    InputError
        If it is no label; lists them.
    """
    plain = text.strip().lower().replace(" ", "_").replace("-", "_")
    label = _SPELLINGS.get(plain, plain)
    if label not in _QUESTION_OF:
        message = f"There is no label {text[:40]!r}; choose one of {', '.join(_QUESTION_OF)}."
        raise InputError(message)
    return _QUESTION_OF[label], label


def store_label(
    database: Database, person: str, designation: str, text: str, comment: str = ""
) -> Label:
    """Store what a person says an object is, in place of an earlier answer.

    Parameters
    ----------
    database : Database
        Where labels rest.
    person : str
        Pseudonym; a name must not reach this function.
    designation : str
        Object, as the catalogue writes it.
    text : str
        The label; see ``QUESTIONS``.
    comment : str
        Why.

    Raises
    ------
    InputError
        If the label is unknown; nothing is stored then.
    """
    question, label = read_label(text)
    stored = Label(person, designation, question, label, comment, utc_now())
    table = classifications.c
    with database.write() as connection:
        connection.execute(
            delete(classifications).where(
                table.person == person,
                table.designation == designation,
                table.question == question,
            )
        )
        connection.execute(insert(classifications).values(**asdict(stored)))
        add_audit_row(connection, person, "label.store", "a label")
    return stored


def export_labels(database: Database, person: str) -> list[Label]:
    """Return everything stored of a person, the oldest first."""
    query = (
        select(classifications)
        .where(classifications.c.person == person)
        .order_by(classifications.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [Label(r.person, r.designation, r.question, r.label, r.comment, r.at) for r in rows]


def erase_labels(database: Database, person: str) -> int:
    """Erase everything stored of a person and return how many labels that was.

    The audit trail keeps that this pseudonym stored and erased something; what it was never stood
    there.
    """
    with database.write() as connection:
        gone = connection.execute(
            delete(classifications).where(classifications.c.person == person)
        ).rowcount
        add_audit_row(connection, person, "label.erase", person, f"{gone} labels")
    return int(gone)


def labels_for_training(database: Database, question: str) -> pl.DataFrame:
    """Return one label per object: that of the most people, objects in dispute left out.

    Parameters
    ----------
    database : Database
        Where labels rest.
    question : str
        pha, orbit_class or unusual.

    Returns
    -------
    polars.DataFrame
        ``designation``, ``label``, ``people`` (who said so) and ``of`` (who said anything), by
        designation.

    Raises
    ------
    InputError
        If there is no such question.
    """
    if question not in QUESTIONS:
        message = f"There is no question {question!r}; choose one of {', '.join(QUESTIONS)}."
        raise InputError(message)
    table = classifications.c
    query = select(table.designation, table.label).where(table.question == question)
    with database.read() as connection:
        rows: list[dict[str, Any]] = [dict(r) for r in connection.execute(query).mappings()]
    votes = pl.DataFrame(rows, schema={"designation": pl.String, "label": pl.String})
    return _majority(votes)


def _majority(votes: pl.DataFrame) -> pl.DataFrame:
    counted = votes.group_by("designation", "label").agg(people=pl.len().cast(pl.Int64))
    return (
        counted.with_columns(of=pl.col("people").sum().over("designation"))
        .filter(pl.col("people") * 2 > pl.col("of"))
        .sort("designation")
    )
