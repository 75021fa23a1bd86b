"""Tell where a named object is, and what it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.positions import resolved
from skywright.sources.openngc import SkyObject

_NAMES_TOLD = 6


def resolve_name(
    desk: Desk, name: Annotated[str, Field(min_length=1, max_length=100)]
) -> ToolResult:
    """Tell the position of an object of the sky by its name, with its type and other names.

    Parameters
    ----------
    name : str
        Such as M31, NGC 6397, Andromeda Galaxy or HD 189733.
    """
    known = resolved(desk, name)
    found = known.found
    desk.target = found.name
    return ToolResult(
        text=_told(found, known.origin.title),
        data={
            "name": found.name,
            "catalogue_name": found.catalogue_name,
            "ra_deg": found.ra_deg,
            "dec_deg": found.dec_deg,
            "frame": "ICRS",
            "kind": found.kind,
            "constellation": found.constellation,
            "magnitudes": dict(found.magnitudes),
            "values": dict(found.values),
            "common_names": list(found.common_names),
            "identifiers": list(found.identifiers),
            "also": list(found.also),
        },
        origins=(known.origin,),
        warnings=_warnings(found),
    )


def _told(found: SkyObject, title: str) -> str:
    called = found.name
    if found.catalogue_name and found.catalogue_name != found.name:
        called += f" ({found.catalogue_name})"
    text = (
        f"{called}: RA={found.ra_deg:.2f} Dec={found.dec_deg:.2f} "
        f"(ICRS degrees; {found.ra_deg:.4f}, {found.dec_deg:.4f})"
    )
    what = [found.kind] if found.kind else []
    what += [f"in the constellation {found.constellation}"] if found.constellation else []
    text += f", {' '.join(what)}." if what else "."
    if found.magnitudes:
        told = ", ".join(f"{band} = {value:g}" for band, value in found.magnitudes.items())
        text += f" Magnitudes: {told}."
    names = [*found.common_names, *found.identifiers][:_NAMES_TOLD]
    if names:
        text += f" Also known as {', '.join(names)}."
    return f"{text} Source: {title}."


def _warnings(found: SkyObject) -> tuple[str, ...]:
    told = [f"Its entry says: {found.notes.strip().rstrip('.')}."] if found.notes.strip() else []
    if found.also:
        told.append(f"The name may also mean {', '.join(found.also)}.")
    return tuple(told)
