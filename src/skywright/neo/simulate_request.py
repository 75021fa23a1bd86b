"""What a "what if" request may say, with the same names on the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skywright.errors import InputError

Body = Literal[
    "mercury", "venus", "earth", "moon", "mars", "jupiter", "saturn", "uranus", "neptune"
]

EDITABLE = (
    "a_au",
    "q_au",
    "e",
    "i_deg",
    "node_deg",
    "peri_deg",
    "mean_anomaly_deg",
    "tp_jd_tdb",
)
"""Elements that ``set`` may change."""

_MOST_DELTA_V_M_S = 1e5


class SimulateRequest(BaseModel):
    """One object, what to change about it, and how far to look."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {"object": "Apophis", "years": 5},
                {
                    "object": "Apophis",
                    "delta_v": [0.0, 0.05, 0.0],
                    "at": "2027-01-01",
                    "years": 5,
                    "clones": 200,
                    "seed": 1,
                },
            ]
        },
    )

    object: str | None = Field(default=None, max_length=80, examples=["Apophis"])
    """Name, number or designation of a known object; or give ``elements``."""

    elements: dict[str, Any] | None = Field(default=None)
    """An orbit of one's own in the column names of a table: epoch_jd_tdb [JD], a_au or q_au [au],
    e, i_deg, node_deg, peri_deg [deg], mean_anomaly_deg [deg] or tp_jd_tdb [JD], or a state as
    x_au ... vz_au_d; optional covariance (36 numbers), h_mag, diameter_km, albedo, a1_au_d2 ..."""

    set: dict[str, float] = Field(default_factory=dict, examples=[{"e": 0.2}])
    """Elements to change, at the epoch of the orbit: any of a_au, q_au, e, i_deg, node_deg,
    peri_deg, mean_anomaly_deg, tp_jd_tdb."""

    delta_v: tuple[float, float, float] | None = Field(default=None, examples=[[0.0, 0.05, 0.0]])
    """Change of velocity in radial, along-track and normal direction [m/s], at the date ``at``."""

    at: str | None = Field(default=None, examples=["2027-01-01"])
    """Date of the delta-v, TDB: 2027-01-01, 2027-01-01T12:00 or a Julian date."""

    mass_kg: float | None = Field(default=None, gt=0)
    """Mass [kg]; changes energy and deflection, not the orbit of a test particle."""

    diameter_km: float | None = Field(default=None, gt=0, le=3000)
    """Diameter [km]."""

    density_kg_m3: float | None = Field(default=None, gt=0, le=25_000)
    """Bulk density [kg/m^3]."""

    years: float = Field(default=20.0, gt=0, le=500)
    """How far to look ahead of ``start`` [yr]."""

    start: str | None = Field(default=None, examples=["2025-01-01"])
    """First date of the search, TDB; by default the epoch of the orbit, and the search then ends
    ``years`` after the later of that epoch and today."""

    within_au: float = Field(default=0.1, gt=0, le=1.0)
    """Largest distance of a close approach that is listed [au]."""

    body: Body = "earth"
    """Body whose impact is asked for."""

    levels: list[Literal["linear", "lov", "monte_carlo"]] = Field(default=["linear"])
    """Estimates of the impact probability; Monte Carlo is added when ``clones`` is positive."""

    clones: int = Field(default=0, ge=0)
    """Clones of the Monte Carlo estimate."""

    seed: int = Field(default=1, ge=0)
    """Seed of the clones: the same seed gives the same digits."""

    angle_deg: float = Field(default=45.0, gt=0, le=90)
    """Angle of entry above the horizon [deg] for the effects of an impact."""

    deflection: bool = False
    """Work out the delta-v, at ``at`` or at the first date, that makes the nearest passage miss,
    and the delta-v of a kinetic impactor."""

    spacecraft_kg: float = Field(default=1000.0, gt=0)
    """Mass of the kinetic impactor [kg]."""

    spacecraft_km_s: float = Field(default=6.0, gt=0)
    """Speed of the kinetic impactor relative to the object [km/s]."""

    beta: float = Field(default=1.0, ge=1.0, le=20.0)
    """Momentum enhancement by ejecta: 1 for none; DART measured 3.6."""

    orbit_points: int = Field(default=0, ge=0, le=2000)
    """Points along each orbit to return as ``orbit_au`` for a drawing; 0 for none."""

    client_id: str | None = Field(default=None, max_length=80)
    """A newer request with the same identity cancels an older one that is still running."""

    @model_validator(mode="after")
    def _one_orbit_and_a_date(self) -> SimulateRequest:
        if (self.object is None) == (self.elements is None):
            message = "give either 'object' (a name) or 'elements' (an orbit), one of the two"
            raise ValueError(message)
        if (self.delta_v is None) != (self.at is None):
            message = "'delta_v' [m/s] and its date 'at' belong together; give both or neither"
            raise ValueError(message)
        if self.delta_v is not None and max(map(abs, self.delta_v)) > _MOST_DELTA_V_M_S:
            message = f"'delta_v' is limited to {_MOST_DELTA_V_M_S:g} m/s in each direction"
            raise ValueError(message)
        unknown = [name for name in self.set if name not in EDITABLE]
        if unknown:
            message = f"'set' names {unknown[0]!r}; it may change {', '.join(EDITABLE)}"
            raise ValueError(message)
        for pair in (("a_au", "q_au"), ("mean_anomaly_deg", "tp_jd_tdb")):
            if set(pair) <= set(self.set):
                message = f"'set' changes {pair[0]} and {pair[1]}, which fix one another"
                raise ValueError(message)
        return self


def request_from_options(options: Mapping[str, Any]) -> SimulateRequest:
    """Build a request from command-line options.

    Parameters
    ----------
    options : mapping
        As the request, but ``delta_v`` as text ``R,T,N`` and ``set`` as a list of ``name=value``.

    Raises
    ------
    InputError
        If an option cannot be read or is not allowed.
    """
    values = {name: value for name, value in options.items() if value is not None}
    if "delta_v" in values:
        values["delta_v"] = _three_numbers(str(values["delta_v"]))
    values["set"] = dict(_assignment(text) for text in options.get("set", []))
    try:
        return SimulateRequest(**values)
    except ValidationError as error:
        raise InputError(_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"])) or "The request"
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{name}: {reason}." if first["loc"] else f"{reason[0].upper()}{reason[1:]}."


def _three_numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 3:
        message = f"--delta-v takes three numbers R,T,N in m/s, such as 0,0.05,0; got {text!r}."
        raise InputError(message)
    return numbers


def _assignment(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        message = f"--set takes NAME=NUMBER, such as e=0.2; got {text!r}."
        raise InputError(message) from error
