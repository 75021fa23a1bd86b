"""``skywright sources``: what is installed, whether it still answers, and on which terms."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.settings import Settings
    from skywright.sources.checking import Checked
    from skywright.sources.state import SourceState


_UNAVAILABLE = 3

app = typer.Typer(help="Public sources: state, limits, terms, and whether they answer.")


@app.callback(invoke_without_command=True)
def sources(context: typer.Context, as_json: AsJson = False) -> None:
    """List the public sources: state, limits, token, terms, last check; asks none of them."""
    if context.invoked_subcommand is not None:
        return
    from skywright.settings import get_settings
    from skywright.sources.checking import remembered
    from skywright.sources.registry import source_states

    settings = get_settings()
    checks = remembered(settings)
    told = [_told(state, settings, checks.get(state.name)) for state in source_states().values()]
    if as_json:
        emit_json({"sources": told})
        return
    for one in told:
        typer.echo(f"{one['name']:18s} {one['title']}: {one['state']}")
        for key in ("url", "rate_limit", "most", "token", "licence", "remark"):
            if one[key]:
                typer.echo(f"    {key:11s} {one[key]}")
        if last := one["last_check"]:
            typer.echo(f"    last check  {last['outcome']}, {last['checked_utc']}")


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="All of them where none.")] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Ask stand-ins on this machine, not the services.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask each source its smallest request, and tell whether it answers.

    Ends with exit code 3 where one is refused, moved or cannot be reached. A source that answered
    is not asked again soon; its last outcome is told.
    """
    from skywright.cli.ask import settings_with
    from skywright.sources.checking import GOOD, remember, remembered
    from skywright.sources.checking import check as check_sources

    with settings_with(None, None, is_sandbox=sandbox) as settings:
        states = _wanted(names or [], settings, is_sandbox=sandbox)
        known = [] if sandbox else remembered(settings).values()
        tell = _tell_nothing if as_json else _tell
        found = check_sources(states, settings, known=known, tell=tell)
        if not sandbox:
            remember(found, settings)
    bad = [one.name for one in found if one.outcome not in GOOD]
    if as_json:
        emit_json({"checked": [asdict(one) for one in found], "bad": bad})
    else:
        typer.echo(
            f"{len(found) - len(bad)} of {len(found)} sources are as they should be", err=True
        )
    if bad:
        raise typer.Exit(_UNAVAILABLE)


def _wanted(names: list[str], settings: Settings, *, is_sandbox: bool) -> list[SourceState]:
    """Return the sources named, all where none is; of the sandbox those that it stands in for."""
    from urllib.parse import urlsplit

    from skywright.errors import NotFoundError
    from skywright.sources.registry import source_named, source_states

    states = [source_named(name) for name in dict.fromkeys(names)] or [*source_states().values()]
    if not is_sandbox:
        return states
    from skywright.sources.sandbox.app import NOWHERE

    here = [one for one in states if not urlsplit(one.url(settings)).path.startswith(NOWHERE)]
    if names and len(here) < len(states):
        missing = ", ".join(one.name for one in states if one not in here)
        message = f"The sandbox has no stand-in for {missing}."
        raise NotFoundError(message, hint="skywright sandbox --json lists its services.")
    return here


def _tell(one: Checked) -> None:
    took = f"{one.took_ms} ms" if one.took_ms is not None else ""
    typer.echo(
        f"{one.name:18s} {one.outcome:14s} {took:>9s}  {one.checked_utc}  {one.remark}".rstrip()
    )


def _tell_nothing(_: Checked) -> None:
    """Leave standard output to the JSON object."""


def _told(state: SourceState, settings: Settings, last: Checked | None) -> dict[str, Any]:
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
        "last_check": asdict(last) if last and last.url == state.url(settings) else None,
        "remark": state.remark or None,
    }


def _token(state: SourceState, settings: Settings) -> str | None:
    if not state.access_setting:
        return None
    need = "needed" if state.access_needed else "better with one"
    have = "set" if state.token(settings) else f"not set; get one at {state.access_from}"
    return f"{need}: {state.token_variable()}, {have}"
