"""Licences: what those of data and base models ask for, and whether a model may carry its own.

An unknown licence is not a refusal for ever: it blocks deployment until a person has read it and
says, by name and with a reason, that the model may be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from license_expression import ExpressionError, ExpressionParseError, get_spdx_licensing
from sqlalchemy import delete, insert, select

from skywright.errors import InputError
from skywright.foundry.data.licence_table import (
    ATTRIBUTION,
    NAME,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    RESEARCH_ONLY,
    SHARE_ALIKE,
    USE_RESTRICTED,
    duties_of,
    name_of,
)
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import accepted_licences

_LONGEST = 200
_INHERITED = (NON_COMMERCIAL, USE_RESTRICTED, RESEARCH_ONLY, NAME)
"""Duties that bind whoever passes something on, so that a model's licence must have them too."""
_ONE_WAY = {
    "CC-BY-SA-4.0": frozenset({"GPL-3.0-only", "GPL-3.0-or-later"}),
    "GPL-3.0-only": frozenset({"AGPL-3.0-only"}),
    "GPL-3.0-or-later": frozenset({"AGPL-3.0-only", "AGPL-3.0-or-later", "GPL-3.0-only"}),
    "GPL-2.0-or-later": frozenset({"GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later"}),
    "LGPL-2.1-only": frozenset({"GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-or-later"}),
    "MPL-2.0": frozenset({"GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"}),
}
"""Share-alike licences under which others may be carried on (creativecommons.org, gnu.org)."""

_TOKEN = re.compile(r"\(|\)|[^\s()]+")


@dataclass(frozen=True, slots=True)
class LicenceVerdict:
    """What is known of a licence expression."""

    expression: str
    """As given."""
    known: bool
    """Whether every licence in it is known."""
    permissive: bool
    """Whether it asks for nothing but the authors' names."""
    obligations: tuple[str, ...]
    """What it asks for; of a choice, what its easiest branch asks for."""
    reason: str
    """A sentence."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """Licences that hold together: one of the choices that an expression leaves."""

    names: frozenset[str]
    """The licences."""
    duties: frozenset[str]
    """What they ask for."""
    unknown: frozenset[str]
    """Those among them that are not known."""


def judge(expression: str) -> LicenceVerdict:
    """Read an SPDX expression, in which licences of models that SPDX lacks may stand too."""
    text = expression.strip()
    if not text:
        return LicenceVerdict(text, False, False, (), "No licence is named.")
    branches = _branches(text)
    if branches is None:
        reason = f"{text[:100]!r} is no licence expression."
        return LicenceVerdict(text, False, False, (), reason)
    easiest = branches[0]
    duties = tuple(sorted(easiest.duties))
    if easiest.unknown:
        told = ", ".join(sorted(easiest.unknown))
        return LicenceVerdict(text, False, False, duties, f"The licence {told} is not known.")
    reason = f"{text} asks for: {'; '.join(duties) or 'nothing'}."
    return LicenceVerdict(text, True, easiest.duties <= {ATTRIBUTION}, duties, reason)


def compatible(inputs: Iterable[str], output: str) -> str | None:
    """Tell why a model may not carry its licence, or None.

    Parameters
    ----------
    inputs : iterable of str
        Licences of its data and of the model it started from; empty and unknown ones are passed
        over, since nothing can be said of them.
    output : str
        The model's; empty means that of the inputs, of which then none may contradict another.

    Returns
    -------
    str or None
        The first plain contradiction: share-alike under another licence, no changed versions, or a
        duty that the model's licence would drop.
    """
    given = [text for text in dict.fromkeys(inputs) if judge(text).known]
    carried = output or " AND ".join(f"({text})" for text in given)
    made = (_branches(carried) or []) if carried else []
    if not made or made[0].unknown:
        return None
    for text in given:
        faults = [
            fault
            for branch in _branches(text) or []
            if not branch.unknown
            for fault in [_contradiction(branch, made, output or carried)]
        ]
        if faults and None not in faults:
            return f"{text} {faults[0]}"
    return None


def _contradiction(given: _Branch, made: Sequence[_Branch], told: str) -> str | None:
    """Tell what speaks against making a model from one thing, in all branches of its licence."""
    if NO_DERIVATIVES in given.duties:
        return "allows no changed versions, and a trained model may be one."
    if SHARE_ALIKE in given.duties:
        sharing = {n for n in given.names if SHARE_ALIKE in (_duties(n) or ())}
        if not any(
            branch.names & ({name} | _ONE_WAY.get(name, frozenset()))
            for name in sharing
            for branch in made
        ):
            return f"asks that what is made from it stays under it, not under {told}."
    for duty in _INHERITED:
        if duty in given.duties and not all(duty in branch.duties for branch in made):
            return f"says: {duty}; {told} would drop that."
    return None


def accept_licence(
    database: Database, model_id: str, licence: str, *, by: str, reason: str
) -> None:
    """Take on an unknown licence for one model.

    Raises
    ------
    InputError
        If no licence or no reason is given, or the licence is too long to be one.
    """
    if not reason.strip():
        message = "Say with a reason why the licence is acceptable; it goes into the audit trail."
        raise InputError(message)
    if not 0 < len(licence.strip()) <= _LONGEST:
        message = f"A licence is named in 1 to {_LONGEST} letters, not in {len(licence.strip())}."
        raise InputError(message)
    c, name = accepted_licences.c, licence.strip()
    with database.write() as connection:
        connection.execute(
            delete(accepted_licences).where(c.model_id == model_id, c.licence == name)
        )
        connection.execute(
            insert(accepted_licences).values(
                model_id=model_id, licence=name, by=by, at=utc_now(), reason=reason.strip()
            )
        )
        add_audit_row(connection, by, "licence.accept", model_id, f"{name}: {reason.strip()}")


def deployment_blocked(database: Database, model_id: str, licences: Sequence[str]) -> str | None:
    """Tell why a model may not be deployed, or None.

    Parameters
    ----------
    database : Database
        Where acceptances are.
    model_id : str
        ``name@version``.
    licences : sequence of str
        Of its data, of what it started from, and its own; an empty text means that nobody named
        one, as of data of one's own, and does not block.
    """
    unknown = [text for text in dict.fromkeys(map(str.strip, licences)) if _blocks(text)]
    if not unknown:
        return None
    c = accepted_licences.c
    with database.read() as connection:
        accepted = set(connection.scalars(select(c.licence).where(c.model_id == model_id)).all())
    left = [text for text in unknown if text not in accepted]
    if not left:
        return None
    name, _, version = model_id.partition("@")
    command = f"skywright models accept-licence {name} {version} {left[0]!r} --reason WHY"
    return (
        f"The licence {left[0]!r} is not known, so {model_id} is not deployed until a person "
        f"accepts it with: {command}"
    )


def _blocks(text: str) -> bool:
    return bool(text) and not judge(text).known


def _branches(text: str) -> list[_Branch] | None:
    """Return the choices that an expression leaves, the easiest first; None if it is none."""
    if len(text) > _LONGEST:
        return None
    named = " ".join(name_of(token) for token in _TOKEN.findall(text))
    try:
        tree = _spdx().parse(named)
    except (ExpressionError, ExpressionParseError):
        return None
    return sorted(_of(tree), key=lambda one: (len(one.unknown), len(one.duties)))


def _of(tree: Any) -> list[_Branch]:
    kind = type(tree).__name__
    if kind == "OR":
        return [branch for part in tree.args for branch in _of(part)]
    if kind == "AND":
        found = [_Branch(frozenset(), frozenset(), frozenset())]
        for part in tree.args:
            found = [_both(one, other) for one in found for other in _of(part)]
        return found
    name = tree.render()
    duties = _duties(name)
    unknown = frozenset({name}) if duties is None else frozenset[str]()
    return [_Branch(frozenset({name}), duties or frozenset(), unknown)]


def _both(one: _Branch, other: _Branch) -> _Branch:
    return _Branch(one.names | other.names, one.duties | other.duties, one.unknown | other.unknown)


def _duties(name: str) -> frozenset[str] | None:
    unknown = _spdx().unknown_license_keys(name)
    return duties_of(name, in_spdx=not unknown)


@lru_cache(maxsize=1)
def _spdx() -> Any:
    return get_spdx_licensing()
