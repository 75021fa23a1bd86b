"""Where a named object is: by the installed OpenNGC first, by SIMBAD otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from skywright.assistant.messages import Origin
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import origin_from
from skywright.errors import InputError, NotFoundError, SourceError
from skywright.sources import openngc, simbad
from skywright.sources.collecting import visiting
from skywright.sources.cones import Cone
from skywright.sources.openngc import SkyObject


@dataclass(frozen=True, slots=True)
class Resolved:
    """An object and who told where it is."""

    found: SkyObject
    origin: Origin


def resolved(desk: Desk, name: str) -> Resolved:
    """Find an object by its name.

    Raises
    ------
    NotFoundError
        If nobody knows the name; the hint has near ones where there are some.
    SourceError
        If OpenNGC does not know it, or is not installed, and SIMBAD cannot be asked.
    """
    try:
        found = openngc.resolve(name, desk.settings)
    except NotFoundError as here:
        return _by_simbad(desk, name, here)
    return Resolved(found, origin_from(openngc.STATE, query=name, rows=1))


def _by_simbad(desk: Desk, name: str, here: NotFoundError) -> Resolved:
    desk.check_stop()
    desk.progress(f"asking SIMBAD for {name}")
    try:
        with visiting(simbad.COLLECTOR, desk.settings) as visit:
            found = simbad.resolve(visit, name, desk.stop)
    except NotFoundError as there:
        message = f"{here.message} {there.message}"
        raise NotFoundError(message, hint=here.hint) from there
    except SourceError as error:
        message = f"{here.message} {error.message}"
        raise SourceError(message, hint=here.hint or error.hint) from error
    url = visit.provenance[0].url if visit.provenance else simbad.STATE.url(desk.settings)
    query = simbad.name_adql(name)
    return Resolved(found, origin_from(simbad.STATE, query=query, url=url, rows=1))


def cone_around(
    desk: Desk, target: str, ra_deg: float | None, dec_deg: float | None, radius_deg: float
) -> tuple[Cone, tuple[Origin, ...]]:
    """Return the cone that is meant, and who told where its centre is.

    Raises
    ------
    InputError
        If neither a whole position nor a name was given.
    NotFoundError, SourceError
        Like `resolved`.
    """
    if ra_deg is not None and dec_deg is not None:
        return Cone(ra_deg, dec_deg, radius_deg), ()
    if ra_deg is not None or dec_deg is not None:
        message = "Only one of ra_deg and dec_deg was given; a position needs both."
        raise InputError(message)
    name = target or desk.target
    if not name:
        message = "Neither target nor ra_deg and dec_deg were given."
        raise InputError(message, hint="Give a name such as M13, or a position in degrees (ICRS).")
    known = resolved(desk, name)
    return Cone(known.found.ra_deg, known.found.dec_deg, radius_deg), (known.origin,)
