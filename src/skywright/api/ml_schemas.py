"""Bodies of ``/api/v1/ml``: every field with its unit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)

ELEMENT_SET: dict[str, Any] = {
    "epoch_utc": "2024-07-05T21:14:02.4",
    "mean_motion_rev_day": 14.34,
    "eccentricity": 0.001,
    "inclination_deg": 98.5,
    "raan_deg": 40.2,
    "argp_deg": 90.0,
    "mean_anomaly_deg": 10.0,
    "bstar": 1e-5,
}


class ElementSet(BaseModel):
    """Mean elements of SGP4: frame TEME of date, time UTC."""

    model_config = _FORBID

    epoch_utc: datetime = Field(description="Epoch, ISO 8601, UTC.", examples=["2024-07-05T21:14"])
    mean_motion_rev_day: float = Field(
        gt=0.01, lt=20, description="Kozai mean motion [rev/day].", examples=[14.34]
    )
    eccentricity: float = Field(ge=0, lt=1, description="Mean eccentricity.", examples=[0.001])
    inclination_deg: float = Field(
        ge=0, le=180, description="Mean inclination [deg].", examples=[98.5]
    )
    raan_deg: float = Field(
        ge=-360, le=720, description="Right ascension of the node [deg].", examples=[40.2]
    )
    argp_deg: float = Field(
        ge=-360, le=720, description="Argument of perigee [deg].", examples=[90.0]
    )
    mean_anomaly_deg: float = Field(
        ge=-360, le=720, description="Mean anomaly [deg].", examples=[10.0]
    )
    bstar: float = Field(ge=-10, le=10, description="Drag term [1/Earth radii].", examples=[1e-5])
    ndot_rev_day2: float | None = Field(
        default=None, description="Rate of the mean motion [rev/day2].", examples=[1e-6]
    )
    received_utc: datetime | None = Field(
        default=None,
        description="When it was received, UTC; its epoch if left out.",
        examples=["2024-07-06T01:00"],
    )


class PlannedBurn(BaseModel):
    """A burn that the operator of the asset planned."""

    model_config = _FORBID

    start_utc: datetime = Field(description="Start, UTC.", examples=["2024-07-04T12:00"])


class TrackedObject(BaseModel):
    """One object and its element sets."""

    model_config = _FORBID

    object_id: str = Field(description="Any name.", examples=["44628"], min_length=1, max_length=60)
    records: list[ElementSet] = Field(
        description="Element sets, in any order.", min_length=1, examples=[[ELEMENT_SET]]
    )
    cooperative: bool = Field(
        default=False,
        description="Declared by the operator: docked, formation, own constellation.",
        examples=[False],
    )


class Asset(TrackedObject):
    """The satellite to protect."""

    planned_burns: list[PlannedBurn] = Field(
        default=[], description="Burns that its operator planned.", examples=[[]]
    )


class ThreatAnalysisRequest(BaseModel):
    """What to assess."""

    model_config = _FORBID

    asset: Asset = Field(description="The satellite to protect.")
    objects: list[TrackedObject] = Field(description="The others.", min_length=1, max_length=200)
    at_utc: datetime | None = Field(
        default=None,
        description="Moment, UTC: what was received later is not used. The newest set's receipt "
        "if left out.",
        examples=["2024-07-06T02:00"],
    )
    explain: bool = Field(
        default=False, description="Tell which slots and image regions made it.", examples=[False]
    )


class ThreatAnalysisAnswer(BaseModel):
    """What each object does, how near it comes, and how sure that is."""

    analysis_id: str = Field(description="On record; decisions refer to it.", examples=["0f" * 16])
    at_utc: str = Field(description="The moment, UTC.", examples=["2024-07-06T02:00:00"])
    arm: str = Field(
        description="Which side answered: champion, or challenger in a trial.",
        examples=["champion"],
    )
    asset: dict[str, Any] = Field(
        description="object, data_age_d [d], sets.", examples=[{"object": "43613"}]
    )
    objects: list[dict[str, Any]] = Field(
        description="For each: behaviour, probabilities, possible (classes that hold the true one "
        "with the stated probability), abstains, level 0 to 4, risk, warning, nearest (km, d), "
        "evidence (manoeuvres with times [UTC] and sizes [m/s], sets used), data_age_d [d].",
        examples=[[{"object": "44628", "behaviour": "passing_conjunction", "level": 1}]],
    )
    models: list[dict[str, Any]] = Field(
        description="name, version and trained_on of each model.",
        examples=[[{"name": "ssa-threats", "version": "3f9a0c1d2e4b5a69"}]],
    )
    data: dict[str, Any] = Field(
        description="element_sets, their sha256, age of the oldest last set [d].",
        examples=[{"element_sets": 60}],
    )


_STATE_OWN = [7078.0, 0.0, 0.0, 0.0, 5.3, 5.3]
_COVARIANCE = [[1e-4, 0.0, 0.0], [0.0, 0.02, 0.0], [0.0, 0.0, 1e-4]]


class Side(BaseModel):
    """One object at the closest approach."""

    model_config = _FORBID

    state: list[float] = Field(
        description="Position [km] and velocity [km/s], EME2000 or any one inertial frame.",
        min_length=6,
        max_length=6,
        examples=[_STATE_OWN],
    )
    covariance_rtn_km2: list[list[float]] = Field(
        description="Position covariance in its own radial, in-track, cross-track axes [km2].",
        min_length=3,
        max_length=3,
        examples=[_COVARIANCE],
    )


class ConjunctionIn(BaseModel):
    """One conjunction; the first object is the operator's own."""

    model_config = _FORBID

    conjunction_id: str = Field(description="Any name.", examples=["C1"], min_length=1)
    asset: str = Field(
        default="",
        description="Own satellite; conjunctions of one are weighed together.",
        examples=["43613"],
    )
    own: Side = Field(description="The operator's own satellite.")
    other: Side = Field(description="The other object.")
    hard_body_radius_m: float = Field(
        gt=0, lt=1000, description="Combined hard-body radius [m].", examples=[15.0]
    )
    time_to_tca_s: float | None = Field(
        default=None, gt=0, description="From now to the closest approach [s].", examples=[43200]
    )


class ConstraintsIn(BaseModel):
    """Limits of the operator; what is left out does not bind."""

    model_config = _FORBID

    target_pc: float = Field(default=1e-6, description="Probability to reach.", examples=[1e-6])
    lead_revolutions: list[float] = Field(
        default=[0.5, 1.5, 2.5],
        description="Burn times, own revolutions before the closest approach.",
        examples=[[0.5, 1.5, 2.5]],
    )
    max_dv_m_s: float | None = Field(
        default=None, description="Largest burn [m/s].", examples=[0.5]
    )
    max_total_dv_m_s: float | None = Field(
        default=None, description="All burns of a plan [m/s].", examples=[1.0]
    )
    min_impulse_m_s: float = Field(
        default=0.0, description="Smallest burn [m/s].", examples=[0.001]
    )
    blackouts_h: list[tuple[float, float]] = Field(
        default=[],
        description="Spans without burns, (from, to) hours before the approach.",
        examples=[[[3.0, 2.0]]],
    )
    command_lead_s: float = Field(
        default=0.0, description="From now to the earliest burn [s].", examples=[3600]
    )
    station_box_km: float | None = Field(
        default=None, description="In-track drift allowed [km].", examples=[50.0]
    )
    return_burn: bool = Field(
        default=False, description="Restore the orbit afterwards.", examples=[False]
    )


class StrategyRequest(BaseModel):
    """What to plan."""

    model_config = _FORBID

    conjunctions: list[ConjunctionIn] = Field(
        description="One or many.", min_length=1, max_length=2000
    )
    constraints: ConstraintsIn = Field(
        default=ConstraintsIn(), description="Limits of the operator.", examples=[{}]
    )
    network: bool = Field(
        default=True,
        description="Let the StrategyGenerator propose; physics checks and caps it either way.",
        examples=[True],
    )


class StrategyAnswer(BaseModel):
    """Ranked plans for each conjunction; a person decides."""

    analysis_id: str = Field(description="On record; decisions refer to it.", examples=["0f" * 16])
    conjunctions: list[dict[str, Any]] = Field(
        description="For each: conjunction_id, solved, act_now, pc_before, recommended, plans "
        "(action, before_tca_s [s], dv_rtn_m_s [m/s], pc_after, miss_after_km [km], "
        "optimality_gap, constraints), binding_constraint, needs_approval.",
        examples=[[{"conjunction_id": "C1", "solved": True}]],
    )
    models: list[dict[str, Any]] = Field(
        description="name, version and trained_on.", examples=[[{"name": "ssa-strategy"}]]
    )
