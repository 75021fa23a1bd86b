"""Objects in a request body: the columns of a table, one object or a list of them.

Typed dictionaries rather than models: a thousand objects are checked in a few milliseconds and
reach the arrays without another copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from skywright.api.bodies import check, refuse_misspelt
from skywright.errors import InputError
from skywright.settings import get_settings


def _number(text: str, example: float, **limits: Any) -> Any:
    return Field(description=text, examples=[example], strict=True, **limits)


def _code(value: Any) -> Any:
    """Read a code sent as text; the letters that stand for a few special orbits mean unknown."""
    if isinstance(value, str):
        return int(value) if value.strip().isdecimal() else None
    return value


_Epoch = Annotated[
    float | None,
    _number(
        "Epoch of the elements or the state [JD TDB].", 2461000.5, ge=2_287_184.5, le=2_688_976.5
    ),
]


def _flat(value: Any) -> Any:
    """Join the rows of a covariance sent as six lists of six."""
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        return [number for row in value for number in row]
    return value


@with_config(ConfigDict(extra="allow", allow_inf_nan=False))
class ObjectIn(TypedDict, total=False):
    """One object: elements (or a heliocentric ecliptic J2000 state) and what else is known."""

    designation: Annotated[
        str | None, Field(max_length=80, description="Name of the object.", examples=["2004 MN4"])
    ]
    epoch_jd_tdb: _Epoch
    a_au: Annotated[float | None, _number("Semi-major axis [au]; or give q_au.", 0.9223)]
    q_au: Annotated[float | None, _number("Perihelion distance [au]; or give a_au.", 0.7461, gt=0)]
    e: Annotated[float | None, _number("Eccentricity.", 0.1911, ge=0)]
    i_deg: Annotated[float | None, _number("Inclination [deg].", 3.341, ge=0, le=180)]
    node_deg: Annotated[float | None, _number("Longitude of the ascending node [deg].", 203.9)]
    peri_deg: Annotated[float | None, _number("Argument of perihelion [deg].", 126.7)]
    mean_anomaly_deg: Annotated[float | None, _number("Mean anomaly at the epoch [deg].", 90.3)]
    tp_jd_tdb: Annotated[float | None, _number("Time of perihelion [JD TDB].", 2460915.9)]
    x_au: Annotated[float | None, _number("Position x [au].", -0.41)]
    y_au: Annotated[float | None, _number("Position y [au].", 0.84)]
    z_au: Annotated[float | None, _number("Position z [au].", -0.05)]
    vx_au_d: Annotated[float | None, _number("Velocity x [au/d].", -0.0152)]
    vy_au_d: Annotated[float | None, _number("Velocity y [au/d].", -0.0084)]
    vz_au_d: Annotated[float | None, _number("Velocity z [au/d].", 0.0007)]
    covariance: Annotated[
        Annotated[list[float], Field(min_length=36, max_length=36)] | None,
        BeforeValidator(_flat),
        Field(
            description="36 numbers, row by row over e, q_au, tp_jd_tdb, node_deg, peri_deg, i_deg "
            "(au, d, deg), or over the state.",
        ),
    ]
    covariance_over: Annotated[
        str | None, Field(pattern="^(elements|cartesian)$", description="elements or cartesian.")
    ]
    h_mag: Annotated[float | None, _number("Absolute magnitude H [mag].", 19.1, ge=-5, le=45)]
    h_sigma: Annotated[float | None, _number("Its standard error [mag].", 0.19, ge=0, le=5)]
    g_slope: Annotated[float | None, _number("Slope parameter G.", 0.15, ge=-1, le=2)]
    a1_au_d2: Annotated[float | None, _number("Radial A1 at 1 au [au/d^2].", 0.0)]
    a2_au_d2: Annotated[float | None, _number("Transverse A2 at 1 au [au/d^2].", -2.9e-14)]
    a3_au_d2: Annotated[float | None, _number("Normal A3 at 1 au [au/d^2].", 0.0)]
    diameter_km: Annotated[float | None, _number("Diameter [km].", 0.34, gt=0)]
    albedo: Annotated[float | None, _number("Geometric albedo.", 0.35, gt=0, le=1)]
    rot_per_h: Annotated[float | None, _number("Rotation period [h].", 30.6, gt=0)]
    condition_code: Annotated[
        Annotated[int, Field(ge=0, le=9)] | None,
        BeforeValidator(_code),
        Field(description="MPC uncertainty U, 0 (best) to 9.", examples=[0]),
    ]
    arc_d: Annotated[float | None, _number("Observed arc [d].", 6300.0, ge=0)]
    n_obs: Annotated[int | None, Field(description="Observations used.", examples=[7000], ge=0)]


_ORBIT = ("epoch_jd_tdb", "e", "i_deg", "node_deg", "peri_deg")
_STATE = ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d")
_MOST_COMPARED = 64
_KNOWN = frozenset(ObjectIn.__annotations__)

EXAMPLE = {
    "designation": "2004 MN4",
    "epoch_jd_tdb": 2461000.5,
    "a_au": 0.9223,
    "e": 0.1911,
    "i_deg": 3.341,
    "node_deg": 203.9,
    "peri_deg": 126.7,
    "mean_anomaly_deg": 90.3,
    "h_mag": 19.1,
}
"""A body for the documentation: Apophis, rounded."""


def read_objects(data: Any) -> tuple[list[dict[str, Any]], bool]:
    """Check a parsed body that is one object or ``{"objects": [...]}``.

    Returns
    -------
    objects : list of dict
        Known columns only.
    one : bool
        Whether a single object was sent, and a single answer is wanted.

    Raises
    ------
    InputError
        For the first value that is not allowed, or if there are too many objects.
    """
    if not isinstance(data, dict):
        message = 'The body must be one object, or {"objects": [ ... ]} with several.'
        raise InputError(message)
    if "objects" not in data:
        _refuse_slips([data])
        return [_known(check(_one(), data), "")], True
    listed = data["objects"]
    most = get_settings().max_objects
    if isinstance(listed, list) and len(listed) > most:
        message = f"objects holds {len(listed)} entries; a request may hold at most {most}."
        raise InputError(message, hint="Send several requests, or use skywright neo assess FILE.")
    foreign = [name for name in data if name not in ("objects", "contamination")]
    if foreign:
        message = f"{foreign[0][:60]} is not a field of this request; objects is."
        raise InputError(message)
    objects = check(_many(), {"objects": listed})["objects"]
    _refuse_slips(objects)
    return [_known(row, f"objects[{k}].") for k, row in enumerate(objects)], False


def read_elements(data: dict[str, Any]) -> dict[str, Any]:
    """Check the one orbit of a larger request; plain values of other names stay.

    Raises
    ------
    InputError
        For the first value that is not allowed.
    """
    _refuse_slips([data])
    known = _known(check(_one(), data), "")
    others = {
        name: value
        for name, value in data.items()
        if name not in _KNOWN and isinstance(value, str | int | float)
    }
    return others | known


def _refuse_slips(rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a misspelt column; only so many foreign names are compared, as it is slow."""
    foreign: set[str] = set()
    missing: set[str] = set()
    for row in rows:
        foreign |= row.keys() - _KNOWN
        missing |= _KNOWN - row.keys()
    refuse_misspelt(sorted(foreign)[:_MOST_COMPARED], missing)


def _known(row: ObjectIn, where: str) -> dict[str, Any]:
    """Drop columns that mean nothing here; refuse incomplete orbits."""
    values = {name: value for name, value in row.items() if name in _KNOWN and value is not None}
    if "e" in values or "epoch_jd_tdb" not in values or not values.keys() >= set(_STATE):
        _require_orbit(values, where)
    return values


def _require_orbit(values: dict[str, Any], where: str) -> None:
    missing = [name for name in _ORBIT if name not in values]
    if not ("a_au" in values or "q_au" in values):
        missing.append("a_au (or q_au)")
    if missing:
        message = f"{where}{missing[0]} is missing."
        hint = f"An orbit needs {', '.join(_ORBIT)} and a_au or q_au."
        raise InputError(message, hint=hint)


class _Objects(TypedDict):
    objects: Annotated[list[ObjectIn], Field(min_length=1)]


@lru_cache(maxsize=1)
def _one() -> TypeAdapter[ObjectIn]:
    return TypeAdapter(ObjectIn)


@lru_cache(maxsize=1)
def _many() -> TypeAdapter[_Objects]:
    return TypeAdapter(_Objects)
