"""Functions of this room that a person, an assistant or another program may call by name."""

from __future__ import annotations

from typing import Annotated, Any

import polars as pl
from pydantic import Field

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.neo.simulate import Cancelled, Progress, SimulateRequest

MOST_OBJECTS = 1_000
"""Most objects of one call."""
_KEPT = (
    "designation", "name", "number", "label", "provenance", "orbit_class", "is_pha", "p_pha",
    "moid_au", "h_mag", "epoch_jd_tdb", "diameter_km_p16", "diameter_km_p50", "diameter_km_p84",
    "sentry_triage", "energy_mt_p16", "energy_mt_p50", "energy_mt_p84",
)  # fmt: skip
_WHY = ("novelty_percentile", "flagged", "oddities", "explanation", "neighbours")


def assess_object(
    name: Annotated[str, Field(max_length=80)] = "",
    objects: Annotated[list[dict[str, Any]] | None, Field(max_length=MOST_OBJECTS)] = None,
) -> dict[str, Any]:
    """Assess a near-Earth object: class, hazard, distance of the orbits, size, Sentry triage.

    It is looked for in the catalogue in use, then at JPL. Objects with elements can be given
    instead.

    Parameters
    ----------
    name : str
        Name, number or designation, such as Apophis, 99942 or 2004 MN4.
    objects : list of dict, optional
        Orbits of one's own: a_au or q_au [au], e, i_deg, node_deg, peri_deg [deg], epoch_jd_tdb,
        h_mag and what else is known.

    Returns
    -------
    dict
        ``text`` in sentences, the ``target`` it is about, and the values of the assessment; with
        ``objects`` their ``rows``.

    Raises
    ------
    InputError
        If neither or both were given, or a value is not allowed.
    NotFoundError
        If nobody knows the name.
    """
    from skywright.neo.assess import add_assessment, predict
    from skywright.neo.tool_texts import assessed_text

    if bool(name.strip()) == bool(objects):
        message = "Give either name or objects, one of the two."
        raise InputError(message, hint='Such as name = "Apophis".')
    if objects:
        return {"rows": predict(objects)}
    assessed = add_assessment(_found(name.strip())).row(0, named=True)
    kept = {key: assessed.get(key) for key in _KEPT}
    return {"text": assessed_text(kept), "target": name.strip(), **kept}


def simulate_change(
    request: SimulateRequest,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> dict[str, Any]:
    """Answer a "what if" of a near-Earth object: a push, another mass, size or orbit.

    Its orbit, close approaches and impact as they are stand beside those after the change.

    Parameters
    ----------
    request : SimulateRequest
        The object, the changes and the span.
    progress, cancelled : callable, optional
        Filled in by whoever runs it.

    Returns
    -------
    dict
        ``text`` in sentences, the ``target`` it is about, and what `simulate` returns.
    """
    from skywright.neo.simulate import simulate
    from skywright.neo.tool_texts import simulated_text

    result = simulate(request, progress=progress, cancelled=cancelled)
    return {"text": simulated_text(result), "target": request.object or "", **result}


def find_anomalies(limit: Annotated[int, Field(ge=1, le=100)] = 10) -> dict[str, Any]:
    """List the most unusual near-Earth objects of the catalogue in use, each with its reasons.

    Invented objects are left out.

    Parameters
    ----------
    limit : int
        How many.

    Returns
    -------
    dict
        ``text`` in sentences, ``searched`` (objects that were compared) and ``objects``.
    """
    from skywright.neo.anomalies import add_anomalies
    from skywright.neo.catalogue import load_catalogue
    from skywright.neo.tool_texts import anomalies_text

    catalogue = load_catalogue()
    if "synthetic" in catalogue.columns:
        catalogue = catalogue.filter(~pl.col("synthetic").fill_null(value=False))
    told = add_anomalies(catalogue).sort("novelty_percentile", descending=True).head(limit)
    named = [one for one in ("designation", "name", "label", "provenance") if one in told.columns]
    objects = told.select(*named, *_WHY).to_dicts()
    text = anomalies_text(objects, catalogue.height)
    return {"text": text, "searched": catalogue.height, "objects": objects}


def _found(name: str) -> pl.DataFrame:
    from skywright.neo.catalogue import load_catalogue
    from skywright.neo.notable import lookup

    try:
        return lookup(name, load_catalogue())
    except NotFoundError as here:
        return _by_jpl(name, here)


def _by_jpl(name: str, here: NotFoundError) -> pl.DataFrame:
    from skywright.settings import get_settings
    from skywright.sources import sbdb
    from skywright.sources.budgets import VISITING
    from skywright.sources.http import in_folder

    settings = get_settings()
    folder = settings.data_dir.expanduser() / "neo"
    try:
        with in_folder(folder, settings.http_timeout_s, VISITING) as fetcher:
            row, _ = sbdb.fetch_object(fetcher, settings, name)
    except (NotFoundError, SourceError) as there:
        message = f"{here.message} {there.message}"
        raise type(there)(message, hint=here.hint) from there
    known = {"source": sbdb.STATE.citation, "label": "fetched"}
    table = pl.DataFrame([known | row], infer_schema_length=None)
    return table.with_columns(provenance=pl.lit("fetched from the JPL Small-Body Database"))
