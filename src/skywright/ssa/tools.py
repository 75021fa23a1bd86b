"""Functions of this room that a person, an assistant or another program may call by name."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from skywright.errors import LimitError

MOST_SETS = 50_000
"""Most element sets of one call."""
LONGEST_SETS = 16_000_000
"""Longest text of element sets [characters]; as JSON a set has some 300 in fields that are read."""
LONGEST_MESSAGE = 200_000
"""Longest conjunction data message [characters]; published ones have up to 20,000."""

ElementSets = Annotated[str, Field(max_length=LONGEST_SETS)]


def collision_probability(
    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)],
    hbr_m: Annotated[float | None, Field(gt=0, lt=1000)] = None,
) -> dict[str, Any]:
    """Tell how probable a collision is, from the text of a conjunction data message.

    Parameters
    ----------
    message : str
        CDM in key-value notation or XML.
    hbr_m : float, optional
        Combined hard-body radius instead of the message's [m].
    """
    from skywright.ssa.conjunction.conjunction import conjunction_of
    from skywright.ssa.conjunction.probability import probability, told
    from skywright.ssa.records.cdm_xml import cdm_of

    one = conjunction_of(cdm_of(message), hbr_m)
    return told(one, probability(one))


def find_manoeuvres(element_sets: ElementSets) -> dict[str, Any]:
    """Find manoeuvres in a history of element sets.

    Parameters
    ----------
    element_sets : str
        Two-line sets, or OMM as JSON or CSV.
    """
    from skywright.ssa.detection.manoeuvres import detect

    found = detect(_history(element_sets))
    return {
        "manoeuvres": found.manoeuvres.to_dicts(),
        "satellites": found.satellites.to_dicts(),
    }


def find_approaches(
    element_sets: ElementSets,
    start_utc: Annotated[str, Field(max_length=40)],
    hours: float,
    km: float,
) -> dict[str, Any]:
    """Find all approaches among the objects of a list of element sets.

    Parameters
    ----------
    element_sets : str
        Two-line sets, or OMM as JSON or CSV.
    start_utc : str
        Start, ISO 8601, UTC.
    hours, km : float
        Span [h] and distance [km].
    """
    from skywright.ssa.records.moments import moment_of
    from skywright.ssa.screening.screen import screen

    found = screen(_history(element_sets), moment_of(start_utc, "start_utc"), hours, km)
    return {"approaches": found.approaches.to_dicts(), "objects": found.objects}


def _history(text: str) -> Any:
    from skywright.ssa.records.reading import history_of

    table = history_of(text.encode(), "element_sets")
    if table.height > MOST_SETS:
        message = f"element_sets holds {table.height} sets; at most {MOST_SETS} are taken."
        raise LimitError(message)
    return table
