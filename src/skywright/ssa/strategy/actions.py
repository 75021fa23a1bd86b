"""What may be advised: acts of the operator's own satellite, or requests for information.

An action has no field for another object, so none can be expressed on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import final


class Act(Enum):
    """The closed list of acts; the value is the name in an answer."""

    WATCH = "watch"
    REQUEST_TRACKING = "request tracking"
    ASK_FOR_EPHEMERIS = "ask for the operator's ephemeris"
    COORDINATE = "coordinate"
    WAIT = "wait"
    IN_TRACK_UP = "in-track burn up"
    IN_TRACK_DOWN = "in-track burn down"
    RADIAL_UP = "radial burn up"
    RADIAL_DOWN = "radial burn down"
    CROSS_TRACK_UP = "cross-track burn up"
    CROSS_TRACK_DOWN = "cross-track burn down"
    TILTED = "burn in the best direction"
    VECTOR_SEPARATION = "e/i-vector separation change"
    RETURN = "return burn"
    SENSOR_SAFE_ATTITUDE = "sensor-safe attitude"


AXIS_ACTS = (
    Act.RADIAL_UP,
    Act.RADIAL_DOWN,
    Act.IN_TRACK_UP,
    Act.IN_TRACK_DOWN,
    Act.CROSS_TRACK_UP,
    Act.CROSS_TRACK_DOWN,
)
"""Burns along one axis, in the order of the columns of the optimiser: R+, R-, T+, T-, N+, N-."""

_BURNS = {*AXIS_ACTS, Act.TILTED, Act.VECTOR_SEPARATION, Act.RETURN}


@final
@dataclass(frozen=True, slots=True)
class OwnBurn:
    """An impulse of the operator's own satellite."""

    act: Act
    before_tca_s: float
    """Moment [s before the closest approach]; negative after it."""
    dv_rtn_m_s: tuple[float, float, float]
    """Radial, in-track, cross-track [m/s], in its own axes at the burn."""

    def __post_init__(self) -> None:
        """Refuse acts that are no burns."""
        if self.act not in _BURNS:
            message = f"{self.act.value!r} is not a burn."
            raise ValueError(message)


@final
@dataclass(frozen=True, slots=True)
class Wait:
    """Decide later, at the latest so long before the closest approach."""

    until_before_tca_s: float


@final
@dataclass(frozen=True, slots=True)
class Inform:
    """Ask or tell; nothing moves."""

    act: Act

    def __post_init__(self) -> None:
        """Refuse acts that are burns."""
        if self.act in _BURNS or self.act is Act.WAIT:
            message = f"{self.act.value!r} is not a matter of information."
            raise ValueError(message)


Action = OwnBurn | Wait | Inform
"""All that can be advised."""
