"""When to train again: the rule and the schedule of ``[watch]``, as decisions."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from skywright.errors import InputError
from skywright.foundry.jobs.schedules import next_time

_RULE = re.compile(r"(?P<test>\w+) *(?P<sign>[<>]) *(?P<limit>\d+(\.\d+)?)")
_SIGNS = {"<": operator.lt, ">": operator.gt}


@dataclass(frozen=True, slots=True)
class Rule:
    """Such as ``psi > 0.2``."""

    test: str
    """psi, ks, c2st, adwin or cbpe."""
    sign: str
    """``<`` or ``>``."""
    limit: float
    """Threshold, in the unit of the test."""

    def crossed(self, value: float | None) -> bool:
        """Tell whether a measured value is beyond the threshold; one that is unknown is not."""
        return value is not None and bool(_SIGNS[self.sign](value, self.limit))


def rule_of(text: str) -> Rule | None:
    """Read the rule of a recipe; None if it has none.

    Raises
    ------
    InputError
        If it is not of the form TEST > NUMBER.
    """
    if not text:
        return None
    found = _RULE.fullmatch(text.strip())
    if found is None:
        message = f"A drift rule is such as 'psi > 0.2', not {text!r}."
        raise InputError(message)
    return Rule(found["test"], found["sign"], float(found["limit"]))


def reason_to_retrain(
    retrain: str, *, crossed: bool, last: datetime | None, now: datetime
) -> str | None:
    """Return why to train again, None if there is no reason.

    Parameters
    ----------
    retrain : str
        ``watch.retrain``: ``drift``, a schedule, or two joined by ``, or``.
    crossed : bool
        Whether the drift rule was crossed.
    last : datetime or None
        When the model was last trained, or asked to be; None if never.
    now : datetime
        With a time zone.

    Raises
    ------
    InputError
        If a schedule is wrong.
    """
    for part in re.split(r",? +or +", retrain.strip()):
        if part == "drift":
            if crossed:
                return "drift"
        elif part:
            since = last or datetime.fromtimestamp(0, UTC)
            if next_time(part, since) <= now:
                return part
    return None
