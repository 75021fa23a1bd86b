"""Advice on record: what was asked, by hash, what was advised, and what people decided."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from skywright.errors import InputError, NotFoundError
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.schema import analyses, overrides

_LONGEST_REASON = 2_000
_MOST_LISTED = 1_000
_INSERT = insert(analyses)  # made once: building a statement takes longer than running it


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis, as it is put on record."""

    kind: str
    """Name of the route or command, such as ``threat-analysis``."""
    subject: str
    """The satellite or conjunction that it is about."""
    request: bytes
    """What was asked; only its hash is kept."""
    answer: bytes
    """What was answered; only its hash is kept."""
    models: Mapping[str, str]
    """Versions that took part, by name."""
    decision: Mapping[str, Any]
    """What was advised, in short."""


def record_analysis(database: Database, caller: str, analysis: Analysis) -> str:
    """Put an analysis on record, with a row of the audit trail in the same transaction.

    Returns
    -------
    str
        Its id, under which people's decisions are stored.
    """
    name = uuid.uuid4().hex
    row = {
        "id": name,
        "at": utc_now(),
        "caller": caller,
        "kind": analysis.kind,
        "subject": analysis.subject[:100],
        "request_sha256": hashlib.sha256(analysis.request).hexdigest(),
        "answer_sha256": hashlib.sha256(analysis.answer).hexdigest(),
        "models_json": json.dumps(dict(analysis.models), sort_keys=True),
        "decision_json": json.dumps(dict(analysis.decision), sort_keys=True),
    }
    told = {key: row[key] for key in ("request_sha256", "answer_sha256", "models_json")}
    with database.write() as connection:
        connection.execute(_INSERT, row)
        action = f"analysis.{analysis.kind}"
        add_audit_row(connection, caller, action[:60], name, json.dumps(told, sort_keys=True))
    return name


def record_override(
    database: Database, person: str, analysis_id: str, decision: str, reason: str
) -> dict[str, Any]:
    """Put on record what a person decided after an analysis.

    Parameters
    ----------
    database : Database
        Where analyses are.
    person : str
        Prefix of a key or a pseudonym, never a name.
    analysis_id : str
        As from `record_analysis`.
    decision : str
        What is done, in at most 60 characters, such as ``accepted`` or the name of another plan.
    reason : str
        Why, in at most 2,000 characters.

    Returns
    -------
    dict
        analysis_id, at, decision, reason.

    Raises
    ------
    NotFoundError
        If there is no such analysis.
    InputError
        If decision or reason is empty or too long.
    """
    for name, value, most in (("decision", decision, 60), ("reason", reason, _LONGEST_REASON)):
        if not 0 < len(value.strip()) <= most:
            message = f"{name} must have 1 to {most} characters, got {len(value.strip())}."
            raise InputError(message)
    row = {
        "analysis_id": analysis_id,
        "at": utc_now(),
        "decision": decision.strip(),
        "reason": reason.strip(),
    }
    with database.write() as connection:
        here = select(analyses.c.id).where(analyses.c.id == analysis_id)
        if connection.execute(here).first() is None:
            message = f"There is no analysis {analysis_id[:40]!r}."
            raise NotFoundError(message, hint="Its id is analysis_id in the answer.")
        connection.execute(insert(overrides).values(**row, person=person))
        add_audit_row(connection, person, "analysis.override", analysis_id, row["decision"])
    return row


def decisions_on(database: Database, analysis_id: str, kind: str) -> list[dict[str, Any]]:
    """Return people's decisions about analyses of the same subject as one, in their order.

    Returns
    -------
    list of dict
        ``id`` of the analysis, ``advised`` (its decision) and ``decision`` (the person's).
    """
    a, o = analyses.c, overrides.c
    subject = select(a.subject).where(a.id == analysis_id).scalar_subquery()
    query = (
        select(a.id, a.decision_json, o.decision)
        .join(overrides, o.analysis_id == a.id)
        .where(a.kind == kind, a.subject == subject)
        .order_by(o.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [{"id": one, "advised": json.loads(told), "decision": said} for one, told, said in rows]


def list_analyses(
    database: Database,
    *,
    subject: str | None = None,
    kind: str | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Return analyses, the newest first, each with ``models``, ``decision`` and ``overrides``."""
    query = (
        select(analyses)
        .order_by(analyses.c.at.desc(), analyses.c.id)
        .limit(min(limit, _MOST_LISTED))
    )
    if subject is not None:
        query = query.where(analyses.c.subject == subject)
    if kind is not None:
        query = query.where(analyses.c.kind == kind)
    with database.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
        ids = [row["id"] for row in rows]
        said = select(overrides).where(overrides.c.analysis_id.in_(ids)).order_by(overrides.c.id)
        decided = [dict(row) for row in connection.execute(said).mappings()]
    for row in rows:
        row["models"] = json.loads(row.pop("models_json"))
        row["decision"] = json.loads(row.pop("decision_json"))
        row["overrides"] = [
            {key: one[key] for key in ("at", "person", "decision", "reason")}
            for one in decided
            if one["analysis_id"] == row["id"]
        ]
    return rows
