"""What the answers hold, for the OpenAPI document: every number with its unit and an example."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from skywright.api.objects import EXAMPLE, ObjectIn


class ErrorDetail(BaseModel):
    """What was wrong and what to do."""

    code: str = Field(description="Stable name of the kind of error.", examples=["invalid_input"])
    message: str = Field(
        description="What was wrong: field, value, what is allowed.",
        examples=["e = -0.2 is not allowed: it should be greater than or equal to 0."],
    )
    hint: str = Field(description="What to do next; may be empty.", examples=[""])


class ErrorAnswer(BaseModel):
    """The one shape of every error."""

    error: ErrorDetail = Field(examples=[{"code": "not_found", "message": "...", "hint": "..."}])


class ObjectsRequest(BaseModel):
    """Several objects; a single one may be sent bare."""

    objects: list[ObjectIn] = Field(description="1 to 1,000 objects.", examples=[[EXAMPLE]])


class AnomaliesRequest(ObjectsRequest):
    """Objects and how many of them may be called unusual."""

    contamination: float = Field(
        default=0.01,
        gt=0,
        le=0.5,
        description="Share of the population that counts as unusual.",
        examples=[0.01],
    )


class Prediction(BaseModel):
    """What is known and estimated of one object."""

    model_config = ConfigDict(extra="allow")

    designation: str | None = Field(description="Name as sent.", examples=["2004 MN4"])
    orbit_class: str = Field(
        description="JPL's code, by definition on a, q and Q.", examples=["ATE"]
    )
    is_pha: bool | None = Field(
        description="By definition: MOID <= 0.05 au and H <= 22; null without H.", examples=[True]
    )
    p_pha: float | None = Field(
        description="Probability of that, given the uncertainty of orbit and H.", examples=[1.0]
    )
    moid_au: float | None = Field(
        description="Minimum orbit intersection distance with the Earth [au].", examples=[0.00012]
    )
    diameter_km_p16: float | None = Field(description="16th percentile [km].", examples=[0.31])
    diameter_km_p50: float | None = Field(description="Median diameter [km].", examples=[0.37])
    diameter_km_p84: float | None = Field(description="84th percentile [km].", examples=[0.55])
    sentry_triage: float | None = Field(
        description="Calibrated probability of a place on an impact risk list; null without H.",
        examples=[0.31],
    )


class Predictions(BaseModel):
    """Answers in the order of the request."""

    objects: list[Prediction] = Field(description="One entry per object sent.", examples=[[]])


class Anomaly(BaseModel):
    """How unusual one object is, and why."""

    model_config = ConfigDict(extra="allow")

    designation: str | None = Field(description="Name as sent.", examples=["2004 MN4"])
    novelty_percentile: float | None = Field(
        description="Share of known objects that are less unusual [percent].", examples=[63.0]
    )
    oddities: list[str] = Field(description="Named oddities by physics.", examples=[["retrograde"]])
    explanation: str = Field(
        description="Why, in words.", examples=["inclination 67 deg: 99.7th percentile"]
    )
    top_features: list[Any] = Field(description="Features that stand out.", examples=[["i_deg"]])


class Anomalies(BaseModel):
    """Answers in the order of the request."""

    objects: list[Anomaly] = Field(description="One entry per object sent.", examples=[[]])


class CatalogueRow(BaseModel):
    """One object of the catalogue, in the column names of a table."""

    model_config = ConfigDict(extra="allow")

    designation: str = Field(description="Designation.", examples=["2004 MN4"])
    epoch_jd_tdb: float | None = Field(description="Epoch [JD TDB].", examples=[2461000.5])
    a_au: float | None = Field(description="Semi-major axis [au].", examples=[0.9223])
    e: float | None = Field(description="Eccentricity.", examples=[0.1911])
    i_deg: float | None = Field(description="Inclination [deg].", examples=[3.341])
    h_mag: float | None = Field(description="Absolute magnitude H [mag].", examples=[19.1])
    moid_au: float | None = Field(description="Earth MOID [au].", examples=[0.00012])


class CataloguePage(BaseModel):
    """One page of the catalogue."""

    objects: list[CatalogueRow] = Field(description="Rows in the order asked.", examples=[[]])
    total: int = Field(description="Rows that match the filters.", examples=[2411])
    next_cursor: str | None = Field(
        description="Send it as cursor for the next page; null on the last.", examples=[None]
    )


class Simulation(BaseModel):
    """The orbit as it is beside the orbit as changed."""

    model_config = ConfigDict(extra="allow")

    object: dict[str, Any] = Field(description="The object.", examples=[{}])
    baseline: dict[str, Any] = Field(
        description="Elements [au, deg], MOID [au], approaches [JD TDB, km, km/s], target plane "
        "[km], impact probability with interval, energy [Mt TNT].",
        examples=[{}],
    )
    changed: dict[str, Any] | None = Field(
        description="The same after the changes; null without any.", examples=[None]
    )


JobStatus = Literal["waiting", "running", "done", "failed", "cancelled"]


class JobAnswer(BaseModel):
    """One piece of long work."""

    id: str = Field(description="Name of the job.", examples=["0f3c" * 8])
    kind: str = Field(description="What it does.", examples=["simulate"])
    status: JobStatus = Field(description="Where it is.", examples=["running"])
    created_at: str = Field(description="UTC.", examples=["2026-01-01T00:00:00.000+00:00"])
    finished_at: str | None = Field(description="UTC; null while unfinished.", examples=[None])
    progress: dict[str, Any] | None = Field(
        description="Newest progress: stage, done, of.",
        examples=[{"stage": "monte_carlo", "done": 300, "of": 1000}],
    )
    error: ErrorDetail | None = Field(description="Why it failed.", examples=[None])
    events: str = Field(description="Path of the events.", examples=["/api/jobs/0f3c/events"])
    result: Any = Field(description="What the direct call would return.", examples=[None])


class LabelRequest(BaseModel):
    """What a person says an object is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    designation: str = Field(
        min_length=1, max_length=80, description="An object of the catalogue.", examples=["Apophis"]
    )
    label: str = Field(
        min_length=1,
        max_length=40,
        description="pha, not_pha, atira, aten, apollo, amor, unusual or ordinary.",
        examples=["pha"],
    )
    user: str = Field(
        default="",
        max_length=200,
        description="Who says so, stored only as a pseudonym; empty for the key itself.",
        examples=["alice"],
    )
    comment: str = Field(default="", max_length=2000, description="Why.", examples=["radar"])


class LabelAnswer(BaseModel):
    """A label as stored."""

    person: str = Field(description="Pseudonym.", examples=["u_1f9d3c5b7a9e1f9d3c5b"])
    designation: str = Field(description="As in the catalogue.", examples=["2004 MN4"])
    question: str = Field(description="What the label answers.", examples=["pha"])
    label: str = Field(description="The answer.", examples=["pha"])
    comment: str = Field(description="Why.", examples=["radar"])
    at: str = Field(description="UTC.", examples=["2026-01-01T00:00:00.000+00:00"])


class LabelsAnswer(BaseModel):
    """Everything stored of one person."""

    person: str = Field(description="Pseudonym.", examples=["u_1f9d3c5b7a9e1f9d3c5b"])
    labels: list[LabelAnswer] = Field(description="The oldest first.", examples=[[]])


class ErasedAnswer(BaseModel):
    """How much was erased."""

    person: str = Field(description="Pseudonym.", examples=["u_1f9d3c5b7a9e1f9d3c5b"])
    erased: Annotated[int, Field(description="Labels that are gone.", examples=[3])]


class AuditRow(BaseModel):
    """One write."""

    id: int = Field(description="Rising number.", examples=[17])
    at: str = Field(description="UTC.", examples=["2026-01-01T00:00:00.000+00:00"])
    actor: str = Field(description="Key prefix or pseudonym.", examples=["sky_Zk3aQ0x1"])
    action: str = Field(description="Noun and verb.", examples=["label.store"])
    target: str = Field(description="What was written.", examples=["2004 MN4"])
    detail: str = Field(description="One more fact.", examples=["pha"])


class AuditPage(BaseModel):
    """One page of the audit trail."""

    rows: list[AuditRow] = Field(description="The newest first.", examples=[[]])
    next_before: int | None = Field(
        description="Send it as before for older rows; null on the last page.", examples=[None]
    )


class HealthAnswer(BaseModel):
    """The process answers."""

    status: str = Field(description="Always ok.", examples=["ok"])
    version: str = Field(description="Version of skywright.", examples=["0.1.0"])


class ReadyAnswer(BaseModel):
    """Whether the first answers will be fast."""

    ready: bool = Field(description="Kernels and models are loaded.", examples=[True])
    detail: str = Field(description="How far it is.", examples=["kernels ready in 1.1 s"])
