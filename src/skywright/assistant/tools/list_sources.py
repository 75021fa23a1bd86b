"""Tell which public sources there are, and whether they still answer."""

from __future__ import annotations

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import computed_here
from skywright.sources.registry import source_states


def list_sources(desk: Desk) -> ToolResult:
    """List the public sources: what each is, whether it answers, its limits and terms."""
    states = source_states()
    rows = [
        {
            "name": name,
            "title": one.title,
            "state": one.told(),
            "limit": one.rate_limit,
            "most": one.most,
            "licence": one.licence,
            "documentation": one.documentation,
            "token": one.token_variable(),
            "token_is_set": bool(one.token(desk.settings)),
            "token_is_needed": one.access_needed,
            "token_from": one.access_from,
        }
        for name, one in states.items()
    ]
    counts = {
        kind: sum(one.status == kind for one in states.values())
        for kind in ("live", "frozen", "retired")
    }
    gone = [f"{one.title} is {one.told()}." for one in states.values() if one.status != "live"]
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    text = f"{len(rows)} public sources are known: {told}. " + " ".join(gone)
    names = ", ".join(one.title for one in states.values() if one.status == "live")
    return ToolResult(
        text=f"{text} Live are {names}.",
        data={"sources": rows, "counts": counts},
        origins=(computed_here("list-sources", "List of the installed sources"),),
    )
