"""The six behaviours that element sets can show, as facts about orbits; never intentions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Behaviour(IntEnum):
    """What an object did beside a protected satellite, up to a moment."""

    PASSIVE_OR_STATION_KEEPING = 0
    UNRELATED_ORBIT_CHANGE = 1
    PASSING_CONJUNCTION = 2
    APPROACH = 3
    PROXIMITY_STAY = 4
    BREAKUP_OR_DECAY = 5

    @property
    def title(self) -> str:
        """Name for people."""
        return _TOLD[self].title

    @property
    def definition(self) -> str:
        """What has to be observed."""
        return _TOLD[self].definition


@dataclass(frozen=True, slots=True)
class _Told:
    title: str
    definition: str


_TOLD = {
    Behaviour.PASSIVE_OR_STATION_KEEPING: _Told(
        "passive or routine station-keeping",
        "No change of orbit beyond nature's and routine keeping of it, and no passing within the "
        "next days; also neighbours in one slot or plane, and declared cooperative pairs.",
    ),
    Behaviour.UNRELATED_ORBIT_CHANGE: _Told(
        "orbit change unrelated to the asset",
        "Manoeuvres changed the orbit (raising, relocation, disposal) and do not lead to "
        "the asset.",
    ),
    Behaviour.PASSING_CONJUNCTION: _Told(
        "passing conjunction",
        "Without a manoeuvre that causes it the object comes near the asset, passes, and goes on.",
    ),
    Behaviour.APPROACH: _Told(
        "approach",
        "Manoeuvres close the distance in phase, altitude or plane towards the asset.",
    ),
    Behaviour.PROXIMITY_STAY: _Told(
        "proximity stay",
        "Manoeuvres of the object took it to the asset's neighbourhood or hold it there: "
        "co-orbit, circumnavigation, following the asset's burns.",
    ),
    Behaviour.BREAKUP_OR_DECAY: _Told(
        "break-up or uncontrolled decay",
        "The orbit decays without control, or element sets jump as after a fragmentation.",
    ),
}
