"""The level of an object: what it does, how probable a collision is, how much warning remains.

The table is ours and public; an operator may read every number of it. It knows nothing of who owns
an object. A declared cooperative pair is always level 0.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from types import MappingProxyType

from skywright.ssa.behaviours import Behaviour


class Level(IntEnum):
    """How much attention is asked of the operator."""

    NONE = 0
    """Nothing to do."""
    NOTE = 1
    """On record; look at it with the next daily review."""
    WATCH = 2
    """Follow every new element set; ask for tracking."""
    WARN = 3
    """Prepare a plan; ask the other operator for an ephemeris."""
    URGENT = 4
    """Decide now: little time or a probable collision."""


class Risk(IntEnum):
    """Tier of the collision probability or, beside a slow neighbour, of the safe distance."""

    LOW = 0
    """Below 1e-7, and safely apart."""
    ATTEND = 1
    """1e-7 to 1e-4, or inside the keep-out range within a day."""
    MITIGATE = 2
    """Above 1e-4."""


class Notice(IntEnum):
    """Time until the nearest predicted point."""

    LONG = 0
    """More than three days, or no approach."""
    SHORT = 1
    """One to three days."""
    NOW = 2
    """Less than a day."""


LONG_D, SHORT_D = 3.0, 1.0
"""Limits of `Notice` [d]."""

ALARM = Level.WARN
"""From this level on an assessment counts as an alarm."""

_B = Behaviour
TABLE = MappingProxyType(
    {
        # behaviour: rows of risk LOW, ATTEND, MITIGATE; columns of warning LONG, SHORT, NOW
        _B.PASSIVE_OR_STATION_KEEPING: ((0, 0, 0), (1, 1, 1), (2, 3, 4)),
        _B.UNRELATED_ORBIT_CHANGE: ((0, 0, 0), (1, 1, 2), (2, 3, 4)),
        _B.PASSING_CONJUNCTION: ((0, 0, 0), (1, 1, 2), (2, 3, 4)),
        _B.APPROACH: ((2, 2, 3), (3, 3, 3), (3, 4, 4)),
        _B.PROXIMITY_STAY: ((2, 2, 3), (3, 3, 3), (3, 4, 4)),
        _B.BREAKUP_OR_DECAY: ((1, 1, 1), (1, 2, 2), (2, 3, 4)),
    }
)
"""Level by behaviour, risk and warning."""


def notice_of(days: float | None) -> Notice:
    """Return the tier of a time to the nearest point [d]; None is no approach."""
    if days is None or days > LONG_D:
        return Notice.LONG
    return Notice.SHORT if days > SHORT_D else Notice.NOW


def level_of(
    behaviours: Collection[Behaviour], risk: Risk, warning: Notice, *, cooperative: bool = False
) -> Level:
    """Return the level of an object.

    Parameters
    ----------
    behaviours : collection
        Classes that its conformal set holds; with several the least level counts, as nothing
        that was not observed may raise it, while risk and warning still do.
    risk, warning : Risk, Notice
        Tiers.
    cooperative : bool
        Declared by the operator: docked, formation, own constellation.
    """
    if cooperative:
        return Level.NONE
    return Level(min(TABLE[one][risk][warning] for one in behaviours))


def table_markdown() -> str:
    """Return the table for the documentation."""
    heads = " | ".join(f"{r.name.lower()}, {w.name.lower()}" for r in Risk for w in Notice)
    lines = [f"| behaviour | {heads} |", "|---|" + "---|" * (len(Risk) * len(Notice))]
    for behaviour, rows in TABLE.items():
        cells = " | ".join(str(level) for row in rows for level in row)
        lines.append(f"| {behaviour.name.replace('_', ' ').lower()} | {cells} |")
    return "\n".join(lines)
