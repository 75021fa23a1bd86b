"""``skywright sources``: what is installed, whether it still answers, and on which terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.settings import Settings
    from skywright.sources.state import SourceState


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(sources)


def sources(as_json: AsJson = False) -> None:
    """List the public sources: state, limits, token, terms; asks none of them."""
    from skywright.settings import get_settings
    from skywright.sources.registry import source_states

    settings = get_settings()
    told = [_told(state, settings) for state in source_states().values()]
    if as_json:
        emit_json({"sources": told})
        return
    for one in told:
        typer.echo(f"{one['name']:18s} {one['title']}: {one['state']}")
        for key in ("url", "rate_limit", "most", "token", "licence", "remark"):
            if one[key]:
                typer.echo(f"    {key:11s} {one[key]}")


def _told(state: SourceState, settings: Settings) -> dict[str, Any]:
    return {
        "name": state.name,
        "title": state.title,
        "state": state.told(),
        "status": state.status,
        "since": state.since or None,
        "replaced_by": state.replaced_by or None,
        "url": state.url(settings),
        "setting": f"SKYWRIGHT_{state.url_setting.upper()}",
        "rate_limit": state.rate_limit,
        "most": state.most or None,
        "token": _token(state, settings),
        "token_variable": state.token_variable() or None,
        "token_needed": state.access_needed,
        "token_from": state.access_from or None,
        "token_set": bool(state.token(settings)),
        "licence": state.licence,
        "citation": state.citation,
        "documentation": state.documentation,
        "checked": state.checked or None,
        "remark": state.remark or None,
    }


def _token(state: SourceState, settings: Settings) -> str | None:
    if not state.access_setting:
        return None
    need = "needed" if state.access_needed else "better with one"
    have = "set" if state.token(settings) else f"not set; get one at {state.access_from}"
    return f"{need}: {state.token_variable()}, {have}"
