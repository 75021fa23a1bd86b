"""Licences: SPDX expressions, the licences of models that SPDX does not know, and what they ask.

An unknown licence is not a refusal for ever: it blocks deployment until a person has read it and
says, by name and with a reason, that the model may be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from license_expression import (
    ExpressionError,
    ExpressionParseError,
    get_spdx_licensing,
)
from sqlalchemy import delete, insert, select

from skywright.errors import InputError
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import accepted_licences

_PERMISSIVE = frozenset(
    {
        "MIT",
        "MIT-0",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSD-3-Clause-Clear",
        "ISC",
        "Zlib",
        "0BSD",
        "BSL-1.0",
        "Unlicense",
        "CC0-1.0",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CDLA-Permissive-1.0",
        "CDLA-Permissive-2.0",
        "PDDL-1.0",
        "ODC-By-1.0",
        "OGL-UK-3.0",
        "etalab-2.0",
        "PSF-2.0",
        "Python-2.0",
        "PostgreSQL",
        "UPL-1.0",
        "WTFPL",
    }
)
_SHARE_ALIKE = ("GPL", "AGPL", "LGPL", "MPL", "EPL", "EUPL", "CC-BY-SA", "ODbL", "OSL", "CDDL")
_NO_DUTY = frozenset({"MIT-0", "0BSD", "Unlicense", "CC0-1.0", "PDDL-1.0", "WTFPL"})

ATTRIBUTION = "name the authors"
SHARE_ALIKE = "share what is made from it under the same licence"
NON_COMMERCIAL = "no commercial use"
NO_DERIVATIVES = "no changed versions"
USE_RESTRICTED = "uses named in the licence are forbidden"
NAME = "its name must appear in the name of what is made from it"
LARGE_USERS = "very large users need a licence of their own"

_OTHERS: dict[str, tuple[str, ...]] = {
    "us-government-public-domain": (),
    "public-domain": (),
    "llama2": (ATTRIBUTION, USE_RESTRICTED, LARGE_USERS),
    "llama3": (ATTRIBUTION, USE_RESTRICTED, LARGE_USERS, NAME),
    "llama3.1": (ATTRIBUTION, USE_RESTRICTED, LARGE_USERS, NAME),
    "llama3.2": (ATTRIBUTION, USE_RESTRICTED, LARGE_USERS, NAME),
    "llama3.3": (ATTRIBUTION, USE_RESTRICTED, LARGE_USERS, NAME),
    "gemma": (ATTRIBUTION, USE_RESTRICTED),
    "openrail": (ATTRIBUTION, USE_RESTRICTED),
    "openrail++": (ATTRIBUTION, USE_RESTRICTED),
    "creativeml-openrail-m": (ATTRIBUTION, USE_RESTRICTED),
    "bigscience-openrail-m": (ATTRIBUTION, USE_RESTRICTED),
    "bigscience-bloom-rail-1.0": (ATTRIBUTION, USE_RESTRICTED),
    "bigcode-openrail-m": (ATTRIBUTION, USE_RESTRICTED),
}


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


def judge(expression: str) -> LicenceVerdict:
    """Read an SPDX expression, or one of the licences of models that SPDX lacks."""
    text = expression.strip()
    if not text:
        return LicenceVerdict(text, False, False, (), "No licence is named.")
    if text.lower() in _OTHERS:
        return _verdict(text, _OTHERS[text.lower()])
    try:
        tree = _spdx().parse(text, validate=True, strict=True)
    except (ExpressionError, ExpressionParseError):
        return LicenceVerdict(text, False, False, (), f"The licence {text[:100]!r} is not known.")
    return _verdict(text, tuple(sorted(_duties(tree))))


def compatible(inputs: Iterable[str], output: str) -> str | None:
    """Tell why a model of licence ``output`` may not be made from data of some licences, or None.

    Only plain contradictions are told: share-alike data under another licence, and duties of the
    data (no commercial use, restricted uses) that the model's licence drops.
    """
    made = judge(output)
    for text in inputs:
        given = judge(text)
        if not (given.known and made.known):
            continue
        if NO_DERIVATIVES in given.obligations:
            return f"{text} allows no changed versions, and a trained model is one."
        if SHARE_ALIKE in given.obligations and text != output:
            return f"{text} asks that what is made from it stays {text}, not {output}."
        for duty in (NON_COMMERCIAL, USE_RESTRICTED):
            if duty in given.obligations and duty not in made.obligations:
                return f"{text} says: {duty}; {output} would drop that."
    return None


def accept_licence(
    database: Database, model_id: str, licence: str, *, by: str, reason: str
) -> None:
    """Take on an unknown licence for one model.

    Raises
    ------
    InputError
        If no reason is given.
    """
    if not reason.strip():
        message = "Say with a reason why the licence is acceptable; it goes into the audit trail."
        raise InputError(message)
    c = accepted_licences.c
    with database.write() as connection:
        connection.execute(
            delete(accepted_licences).where(c.model_id == model_id, c.licence == licence)
        )
        connection.execute(
            insert(accepted_licences).values(
                model_id=model_id, licence=licence, by=by, at=utc_now(), reason=reason.strip()
            )
        )
        add_audit_row(connection, by, "licence.accept", model_id, f"{licence}: {reason.strip()}")


def deployment_blocked(database: Database, model_id: str, licences: Sequence[str]) -> str | None:
    """Tell why a model may not be deployed, or None.

    Parameters
    ----------
    database : Database
        Where acceptances are.
    model_id : str
        ``name@version``.
    licences : sequence of str
        Of its data and of what it started from; empty texts mean that nobody said and count only
        if there is another.
    """
    unknown = [text for text in dict.fromkeys(licences) if text and not judge(text).known]
    if not unknown:
        return None
    c = accepted_licences.c
    with database.read() as connection:
        accepted = set(connection.scalars(select(c.licence).where(c.model_id == model_id)).all())
    open_ones = [text for text in unknown if text not in accepted]
    if not open_ones:
        return None
    name, _, version = model_id.partition("@")
    command = f"skywright models accept-licence {name} {version} {open_ones[0]!r} --reason WHY"
    return (
        f"The licence {open_ones[0]!r} is not known, so the model is not deployed until a person "
        f"accepts it with: {command}"
    )


@lru_cache(maxsize=1)
def _spdx() -> Any:
    return get_spdx_licensing()


def _duties(tree: Any) -> set[str]:
    """Return what an expression asks for: all of an AND, the easiest branch of an OR."""
    children = getattr(tree, "args", ())
    if type(tree).__name__ == "OR":
        return min((_duties(child) for child in children), key=len)
    if type(tree).__name__ == "AND":
        return set().union(*(_duties(child) for child in children))
    return _of_one(str(getattr(tree, "key", tree)))


def _of_one(key: str) -> set[str]:
    if key in _NO_DUTY:
        return set()
    duties = {ATTRIBUTION}
    if key.startswith(_SHARE_ALIKE) or "-SA-" in key:
        duties.add(SHARE_ALIKE)
    if "-NC-" in key or key.endswith("-NC"):
        duties.add(NON_COMMERCIAL)
    if "-ND-" in key:
        duties.add(NO_DERIVATIVES)
    if key not in _PERMISSIVE and duties == {ATTRIBUTION}:
        duties.add("read its text: it is known by name only")
    return duties


def _verdict(text: str, duties: tuple[str, ...]) -> LicenceVerdict:
    permissive = set(duties) <= {ATTRIBUTION}
    told = "; ".join(duties) or "nothing"
    return LicenceVerdict(text, True, permissive, duties, f"{text} asks for: {told}.")
