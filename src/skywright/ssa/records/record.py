"""The record that everything received becomes: one object, one moment, units in every name.

Element sets, states and conjunction messages of all notations are turned into it at the edge, and
nothing behind the edge asks again where a number came from or in what unit it is. A record that
exists is checked: it cannot be made of a value that is no number, of an unknown frame, of a
negative variance, or of metres where kilometres belong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from skywright.errors import InputError
from skywright.ssa.element_sets import RANGES
from skywright.ssa.records.cdm import Cdm, parse_cdm, write_cdm
from skywright.ssa.records.record_limits import (
    COVARIANCE_FRAMES,
    FARTHEST_KM,
    FASTEST_KM_S,
    FRAMES,
    LARGEST_HBR_M,
    LONGEST_ID,
    MOST_AREA_OVER_MASS_M2_KG,
    MOST_DV_M_S,
    NEAREST_KM,
    SLOWEST_KM_S,
    Matrix,
    Vector,
    finite,
    moment,
    refuse_covariance,
    refuse_length,
    refuse_unknown,
)

SCHEMA_VERSION = 1
"""Of the record; rises when a field changes its meaning."""


class Kind(StrEnum):
    """What a record tells."""

    MEAN_ELEMENTS = "mean_elements"
    STATE = "state"
    CONJUNCTION = "conjunction"


class Role(StrEnum):
    """What an object is to the operator who asks."""

    PROTECTED = "protected"
    COOPERATIVE = "cooperative"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MeanElements:
    """Mean elements of SGP4, frame TEME of date."""

    mean_motion_rev_day: float
    eccentricity: float
    inclination_deg: float
    raan_deg: float
    argp_deg: float
    mean_anomaly_deg: float
    bstar: float
    """Drag term [1/Earth radii]."""
    ndot_rev_day2: float | None = None
    rms_km: float | None = None
    """Of the fit, where the source tells it."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None and one.name in ("ndot_rev_day2", "rms_km"):
                continue
            low, high = RANGES.get(one.name, (-math.inf, math.inf))
            if not finite(value) or not low <= value <= high:
                allowed = "a finite number" if low == -math.inf else f"{low:g} to {high:g}"
                message = f"{one.name} must be {allowed}, got {value!r}."
                raise InputError(message)
        if self.rms_km is not None and self.rms_km < 0.0:
            message = f"rms_km must not be negative, got {self.rms_km!r}."
            raise InputError(message)


@dataclass(frozen=True, slots=True)
class State:
    """Position and velocity, in the frame of the record."""

    r_km: Vector
    v_km_s: Vector
    covariance: Matrix | None = None
    """6 x 6; km2, km2/s, km2/s2."""
    covariance_frame: str | None = None
    """One of `COVARIANCE_FRAMES`; the state's own where it is left out."""
    cd_area_over_mass_m2_kg: float | None = None

    def __post_init__(self) -> None:
        refuse_length("r_km", self.r_km, (NEAREST_KM, FARTHEST_KM), "km")
        refuse_length("v_km_s", self.v_km_s, (SLOWEST_KM_S, FASTEST_KM_S), "km/s")
        if self.covariance is not None:
            refuse_covariance(self.covariance, math.hypot(*self.r_km))
        if self.covariance_frame is not None and self.covariance_frame not in COVARIANCE_FRAMES:
            refuse_unknown("covariance_frame", self.covariance_frame, COVARIANCE_FRAMES)
        drag = self.cd_area_over_mass_m2_kg
        if drag is not None and not (finite(drag) and 0.0 <= drag <= MOST_AREA_OVER_MASS_M2_KG):
            message = (
                f"cd_area_over_mass_m2_kg must be 0 to {MOST_AREA_OVER_MASS_M2_KG:g}, got {drag!r}."
            )
            raise InputError(message)


@dataclass(frozen=True, slots=True, eq=False)
class Encounter:
    """A conjunction message, and the radius that is used with it."""

    cdm: Cdm
    hbr_m: float | None = None
    """Combined hard-body radius [m]; None where nobody gave one."""
    hbr_source: str = ""

    def __post_init__(self) -> None:
        if self.hbr_m is not None and not (finite(self.hbr_m) and 0.0 < self.hbr_m < LARGEST_HBR_M):
            message = f"hbr_m must be more than 0 and less than 1000 m, got {self.hbr_m!r}."
            raise InputError(message)
        parse_cdm(write_cdm(self.cdm), self.cdm.message_id)  # refuses what no message may hold


@dataclass(frozen=True, slots=True)
class PlannedBurn:
    """A burn that the operator of the object planned: it is no alarm when it is seen."""

    start_utc: datetime
    duration_s: float | None = None
    dv_rtn_m_s: Vector | None = None
    """Radial, in-track, cross-track."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_utc", moment("planned_burns.start_utc", self.start_utc))
        if self.duration_s is not None and not (finite(self.duration_s) and self.duration_s >= 0.0):
            message = f"planned_burns.duration_s must not be negative, got {self.duration_s!r}."
            raise InputError(message)
        if self.dv_rtn_m_s is not None:
            refuse_length("planned_burns.dv_rtn_m_s", self.dv_rtn_m_s, (0.0, MOST_DV_M_S), "m/s")


Part = MeanElements | State | Encounter
_KINDS: dict[type, Kind] = {
    MeanElements: Kind.MEAN_ELEMENTS,
    State: Kind.STATE,
    Encounter: Kind.CONJUNCTION,
}


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One object at one moment.

    Raises
    ------
    InputError
        If a value is not allowed; names the object, the field and the value.
    """

    object_id: str
    """Catalogue number, or any name of up to 60 characters."""
    source: str
    """File or provider."""
    received_at: datetime
    """When it was known, UTC."""
    epoch: datetime
    """UTC; of a conjunction the time of closest approach."""
    frame: str
    part: Part
    name: str | None = None
    asset_role: Role = Role.OTHER
    manoeuvrable: bool | None = None
    """None where it is not known."""
    planned_burns: tuple[PlannedBurn, ...] = ()
    """The operator's own plan."""

    def __post_init__(self) -> None:
        if not 0 < len(self.object_id.strip()) <= LONGEST_ID:
            message = (
                f"object_id must have 1 to {LONGEST_ID} characters, got {self.object_id[:80]!r}."
            )
            raise InputError(message)
        label = f"Object {self.object_id}"
        object.__setattr__(self, "received_at", moment(f"{label}: received_at", self.received_at))
        object.__setattr__(self, "epoch", moment(f"{label}: epoch", self.epoch))
        if self.frame not in FRAMES:
            refuse_unknown(f"{label}: frame", self.frame, FRAMES)
        if isinstance(self.part, MeanElements) and self.frame != "TEME":
            message = f"{label}: frame must be TEME for elements of SGP4, got {self.frame!r}."
            raise InputError(message)
        if self.asset_role not in tuple(Role):
            refuse_unknown(f"{label}: asset_role", self.asset_role, tuple(Role))
        object.__setattr__(self, "asset_role", Role(self.asset_role))

    @property
    def kind(self) -> Kind:
        """What it tells."""
        return _KINDS[type(self.part)]


def refuse_odd(records: Sequence[Record], now: datetime) -> None:
    """Refuse records that say the same twice, or whose epoch no one can have observed yet.

    Readers keep such records, and the quality gate marks them; this is for those who want none.
    States and closest approaches may lie ahead, since ephemerides and messages are predictions.

    Parameters
    ----------
    records : sequence of Record
        In any order.
    now : datetime
        The moment, UTC.

    Raises
    ------
    InputError
        At the first odd one; names its place, its object and its epoch.
    """
    from skywright.ssa.records.record_json import digest_of

    present = moment("now", now)
    seen: dict[str, int] = {}
    for place, one in enumerate(records):
        told = f"Record {place} of object {one.object_id} with epoch {one.epoch.isoformat()}"
        if one.kind is Kind.MEAN_ELEMENTS and one.epoch > present:
            message = f"{told} lies after {present.isoformat()}; check the year and the zone."
            raise InputError(message)
        first = seen.setdefault(digest_of(one), place)
        if first != place:
            message = f"{told} says the same as record {first}; give each record once."
            raise InputError(message)
