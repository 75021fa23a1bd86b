"""What a probability asks for: to be logged, attended to, or mitigated.

The limits are those of NASA CARA (NASA/SP-20205011318, section 5): 1e-7 and 1e-4; an operator may
set others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from skywright.errors import InputError


class Tier(StrEnum):
    """What is asked for."""

    LOG = "log"
    ATTEND = "attend"
    MITIGATE = "mitigate"


@dataclass(frozen=True, slots=True)
class Tiers:
    """Two limits.

    Raises
    ------
    InputError
        If they are not 0 < attend < mitigate < 1.
    """

    attend: float = 1e-7
    mitigate: float = 1e-4

    def __post_init__(self) -> None:
        if not 0.0 < self.attend < self.mitigate < 1.0:
            message = (
                "The tiers must be 0 < attend < mitigate < 1, got "
                f"attend = {self.attend:g} and mitigate = {self.mitigate:g}."
            )
            raise InputError(message)

    def of(self, probability: float) -> Tier:
        """Return the tier of a probability."""
        if probability > self.mitigate:
            return Tier.MITIGATE
        return Tier.ATTEND if probability > self.attend else Tier.LOG
