"""Steps that templates share: a name resolved, a field searched, a block run and read."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from skywright.assistant.examples.example import CodeRun, Drawing, RefusedError
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.wording import block
from skywright.assistant.messages import ToolResult

_BEYOND = (("NGC ", 7_850, 9_999), ("IC ", 5_400, 9_999), ("M", 111, 999), ("Messier ", 111, 999))
"""Catalogues with numbers that they do not have: NGC ends at 7840, IC at 5386, Messier at 110."""
_MADE_UP = ("Quorbulon", "Zanthipore", "Vexillopod", "Murgatrix", "Oblivitor", "Snarklefax")
FIRST_ROW = ("The first row",)
"""Words of the sentence in which the answer to a query stands."""
RADII_DEG = (0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05)
"""Radii of circles that stay inside a cell of the star fields [deg]."""


def printed(run: CodeRun, pattern: str) -> dict[str, str]:
    """Return what a block printed, by the named groups of a pattern; refuses an example without."""
    found = re.search(pattern, run.printed)
    if found is None:
        message = f"a block printed {run.printed[:60]!r} where {pattern!r} was meant"
        raise RefusedError(message, gate="run")
    return {name: one.strip() for name, one in found.groupdict().items()}


def value(result: ToolResult, *path: str | int) -> Any:
    """Return a value of a result; refuses an example without."""
    found: Any = result.data
    for name in path:
        try:
            found = found[name]
        except (KeyError, IndexError, TypeError):
            found = None
    if found is None:
        message = f"a result has no {'.'.join(map(str, path))}"
        raise RefusedError(message, gate="run")
    return found


def solved(
    scene: Scene, pattern: str, slots: dict[str, Any], drawing: Drawing | None = None, **told: Any
) -> None:
    """Run the block of a template, and say what it printed with a quote of the last result.

    Parameters
    ----------
    scene : Scene
        Where it happens.
    pattern : str
        With named groups, which fill slots of what is said.
    slots : dict
        Of the block.
    drawing : Drawing, optional
        What the block must draw.
    told
        Further slots of what is said; ``cite`` where it is not the last result.
    """
    source = block(scene.template, **slots)
    run = scene.code(source, drawing)
    told = {"cite": scene.cite(), **told, **printed(run, pattern)}
    scene.say(scene.word("say", code=f"```python\n{source}```\n", **told))


def asked_of(scene: Scene, subject: Subject) -> tuple[str, ToolResult]:
    """Ask about an object by one of its names, and resolve it."""
    name = scene.name_of(subject)
    scene.ask(name=name)
    return name, scene.call("resolve-name", name=name)


def position_of(found: ToolResult) -> str:
    """Return the position of a resolved name in words."""
    return f"RA={value(found, 'ra_deg'):.2f} Dec={value(found, 'dec_deg'):.2f}"


def circle(scene: Scene, subject: Subject) -> dict[str, Any]:
    """Return a circle inside the cell of a star field."""
    radius = scene.draw.choice(RADII_DEG)
    return {"ra": subject.facts["ra_deg"], "dec": subject.facts["dec_deg"], "radius": radius}


def searched(
    scene: Scene, around: dict[str, Any], catalogue: str = "gaia-dr3", *, least: int = 3
) -> tuple[ToolResult, int]:
    """Search a catalogue in a circle; returns the result and its number of rows."""
    result = scene.call(
        "cone-search",
        ra_deg=around["ra"],
        dec_deg=around["dec"],
        radius_deg=around["radius"],
        catalogue=catalogue,
    )
    rows = int(value(result, "count"))
    refuse_fewer(rows, least, "rows")
    return result, rows


def refuse_fewer(there: int, least: int, what: str) -> None:
    """Raise RefusedError if there is too little to ask about."""
    if there < least:
        message = f"there are {there} {what}; {least} are needed"
        raise RefusedError(message, gate="run")


def invented_name(scene: Scene, subject: Subject) -> str:
    """Return a name of the form of a catalogue, with a number that it does not reach."""
    catalogue, first, last = scene.draw.choice(_BEYOND)
    digits = int(hashlib.sha256(subject.key.encode()).hexdigest()[:8], 16)
    return f"{catalogue}{first + digits % (last - first)}"


def made_up_asteroid(scene: Scene, subject: Subject) -> str:
    """Return a name that no asteroid has, another one for each object."""
    digits = int(hashlib.sha256(subject.key.encode()).hexdigest()[:8], 16)
    return f"{scene.draw.choice(_MADE_UP)}-{digits % 997}"


def with_article(kind: str) -> str:
    """Return a kind of object with its article, ``an open cluster``."""
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
