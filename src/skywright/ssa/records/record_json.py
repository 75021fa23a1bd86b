"""Records as JSON, with the version of their schema: what is written reads back as the same."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import numpy as np

from skywright.errors import InputError
from skywright.ssa.records.cdm import Cdm, CdmObject
from skywright.ssa.records.moments import moment_of
from skywright.ssa.records.record import (
    SCHEMA_VERSION,
    Encounter,
    Kind,
    MeanElements,
    PlannedBurn,
    Record,
    Role,
    State,
)
from skywright.ssa.records.record_limits import refuse_unknown

VERSION_KEY = "record_schema_version"
"""Key by which a file of records is known."""

_FIELDS = (
    "object_id", "name", "source", "received_at", "epoch", "frame", "kind",
    "asset_role", "manoeuvrable", "planned_burns",
)  # fmt: skip
_NEEDED = ("object_id", "source", "received_at", "epoch", "frame", "kind")


def records_to_json(records: Sequence[Record]) -> str:
    """Return records as one JSON object with the version of the schema."""
    told = {VERSION_KEY: SCHEMA_VERSION, "records": [record_to_dict(one) for one in records]}
    return json.dumps(told, indent=1, allow_nan=False) + "\n"


def records_from_json(text: str, name: str = "the file") -> list[Record]:
    """Read what `records_to_json` wrote.

    Raises
    ------
    InputError
        If it is no JSON, is of another version, or a record is wrong; names its place.
    """
    try:
        told = json.loads(text)
    except ValueError as error:
        message = f"{name} is not valid JSON: {error}."
        raise InputError(message) from error
    version = told.get(VERSION_KEY) if isinstance(told, dict) else None
    if version != SCHEMA_VERSION:
        message = f"{name}: {VERSION_KEY} must be {SCHEMA_VERSION}, got {version!r}."
        raise InputError(message)
    listed = told.get("records")
    if not isinstance(listed, list):
        message = f"{name}: records must be a list, got {type(listed).__name__}."
        raise InputError(message)
    return [_placed(one, f"{name}, record {place}") for place, one in enumerate(listed)]


def record_to_dict(record: Record) -> dict[str, Any]:
    """Return a record as plain values; moments are ISO 8601 in UTC."""
    return {
        "object_id": record.object_id,
        "name": record.name,
        "source": record.source,
        "received_at": record.received_at.isoformat(),
        "epoch": record.epoch.isoformat(),
        "frame": record.frame,
        "kind": str(record.kind),
        str(record.kind): _part_to_dict(record.part),
        "asset_role": str(record.asset_role),
        "manoeuvrable": record.manoeuvrable,
        "planned_burns": [
            asdict(one) | {"start_utc": one.start_utc.isoformat()} for one in record.planned_burns
        ],
    }


def record_from_dict(told: Mapping[str, Any]) -> Record:
    """Return the record of plain values.

    Raises
    ------
    InputError
        If a field is missing, unknown or wrong.
    """
    missing = [key for key in _NEEDED if key not in told]
    if missing:
        message = f"{', '.join(missing)} is missing."
        raise InputError(message)
    if told["kind"] not in tuple(Kind):
        refuse_unknown("kind", told["kind"], tuple(Kind))
    unknown = sorted(set(told) - {*_FIELDS, told["kind"]})
    if unknown:
        message = f"{unknown[0]} is no field of a record of kind {told['kind']}."
        raise InputError(message)
    burns = told.get("planned_burns", [])
    if not isinstance(burns, list):
        message = f"planned_burns must be a list, got {burns!r}."
        raise InputError(message)
    return Record(
        str(told["object_id"]),
        str(told["source"]),
        moment_of(str(told["received_at"]), "received_at"),
        moment_of(str(told["epoch"]), "epoch"),
        told["frame"],
        _part(Kind(told["kind"]), told.get(told["kind"])),
        told.get("name"),
        told.get("asset_role", Role.OTHER),
        told.get("manoeuvrable"),
        tuple(_burn(one) for one in burns),
    )


def digest_of(record: Record) -> str:
    """Return SHA-256 of what a record says, whoever passed it on and whenever it came."""
    told = record_to_dict(record)
    del told["source"], told["received_at"]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _placed(told: Any, place: str) -> Record:
    if not isinstance(told, dict):
        message = f"{place} must be an object, got {type(told).__name__}."
        raise InputError(message)
    try:
        return record_from_dict(told)
    except InputError as error:
        raise InputError(f"{place}: {error.message}", hint=error.hint) from error  # noqa: EM102


def _part_to_dict(part: MeanElements | State | Encounter) -> dict[str, Any]:
    if not isinstance(part, Encounter):
        return asdict(part)
    cdm = part.cdm
    return {
        "message_id": cdm.message_id,
        "created_utc": cdm.created_utc.isoformat(),
        "tca_utc": cdm.tca_utc.isoformat(),
        "message_hbr_m": cdm.hbr_m,
        "hbr_m": part.hbr_m,
        "hbr_source": part.hbr_source,
        "fields": dict(cdm.fields),
        "comments": list(cdm.comments),
        "objects": [
            {
                "designator": one.designator,
                "name": one.name,
                "frame": one.frame,
                "state_km_km_s": one.state.tolist(),
                "covariance_rtn_m2": [
                    [None if math.isnan(value) else value for value in row]
                    for row in one.covariance.tolist()
                ],
                "fields": dict(one.fields),
            }
            for one in cdm.objects
        ],
    }


def _part(kind: Kind, told: Any) -> MeanElements | State | Encounter:
    if not isinstance(told, dict):
        message = f"{kind} must be an object, got {type(told).__name__}."
        raise InputError(message)
    if kind is Kind.CONJUNCTION:
        return _encounter(told)
    kept: type[MeanElements | State] = MeanElements if kind is Kind.MEAN_ELEMENTS else State
    names = {one.name for one in fields(kept)}
    unknown = sorted(set(told) - names)
    if unknown:
        message = f"{kind}.{unknown[0]} is no field; allowed are {', '.join(sorted(names))}."
        raise InputError(message)
    try:
        return kept(**{key: _tuples(value) for key, value in told.items()})
    except TypeError as error:
        message = f"{kind} needs {', '.join(sorted(names - set(told)))}."
        raise InputError(message) from error


def _encounter(told: dict[str, Any]) -> Encounter:
    try:
        objects = [
            CdmObject(
                _text(one["designator"]),
                _text(one["name"]),
                _text(one["frame"]),
                np.array(one["state_km_km_s"], dtype=np.float64).reshape(6),
                np.array(one["covariance_rtn_m2"], dtype=np.float64).reshape(6, 6),
                _texts(one["fields"]),
            )
            for one in told["objects"]
        ]
        cdm = Cdm(
            _text(told["message_id"]),
            moment_of(_text(told["created_utc"]), "created_utc"),
            moment_of(_text(told["tca_utc"]), "tca_utc"),
            (objects[0], objects[1]),
            told["message_hbr_m"],
            _texts(told["fields"]),
            tuple(_text(one) for one in told["comments"]),
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        message = f"conjunction is not complete: {type(error).__name__} at {error}."
        raise InputError(message) from error
    return Encounter(cdm, told.get("hbr_m"), told.get("hbr_source", ""))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        message = f"{value!r}, which is no text"
        raise TypeError(message)
    return value


def _texts(value: Any) -> dict[str, str]:
    return {_text(key): _text(one) for key, one in value.items()}


def _burn(told: Any) -> PlannedBurn:
    if not isinstance(told, dict) or "start_utc" not in told:
        message = f"planned_burns must be objects with start_utc, got {told!r}."
        raise InputError(message)
    unknown = sorted(set(told) - {one.name for one in fields(PlannedBurn)})
    if unknown:
        message = f"planned_burns.{unknown[0]} is no field of a planned burn."
        raise InputError(message)
    start: datetime = moment_of(str(told["start_utc"]), "planned_burns.start_utc")
    return PlannedBurn(start, told.get("duration_s"), _tuples(told.get("dv_rtn_m_s")))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
