"""``skywright ask``: a question, answered with tools and citations."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.chat_printing import printable
from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.assistant.messages import Answer, Artifact, Citation, Event, ToolRun
    from skywright.assistant.session import Session
    from skywright.settings import Settings

_MOST_LOOKED_AT = 1000
_LONGEST_SUMMARY = 2000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ask)


def ask(
    question: Annotated[str, typer.Argument(help="In your own words.")],
    conversation: Annotated[
        str | None,
        typer.Option(help="Title or id of the conversation that goes on; begun if it is new."),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Ask stand-ins on this machine, not the services.")
    ] = False,
    catalogues: Annotated[
        Path | None, typer.Option(help="Folder of catalogue files.", file_okay=False)
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(help="Folder of recorded answers for the sandbox.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Copy tables and pictures here.", file_okay=False)
    ] = None,
    model: Annotated[str, typer.Option(help="rules, or provider:name; else by setting.")] = "",
    as_json: AsJson = False,
) -> None:
    """Answer a question with tools and documents, every statement with its citation.

    The exit code is 0 for an answer, a question back, and what was looked for and is not there;
    3 where a service failed, 1 where something else did, so that there is no answer.
    """
    from skywright.assistant.session import Session

    with settings_with(catalogues, recorded, is_sandbox=sandbox) as settings:
        session = Session(settings, model=model)
        id_ = _conversation(session, question, conversation)
        answer = _answered(session.stream(question, conversation=id_))
    artifacts = _copied(answer.artifacts, out) if out else answer.artifacts
    if as_json:
        emit_json(_told(answer, artifacts) | {"conversation": id_})
    else:
        _print(answer, artifacts)
    if code := _exit_code(answer):
        raise typer.Exit(code)


def _exit_code(answer: Answer) -> int:
    """Return 0 unless a failure of a tool is why there is no answer."""
    from skywright.errors import NotFoundError, SkywrightError, SourceError

    if answer.is_found or answer.is_question:
        return 0
    kinds = {run.error_code for run in answer.tool_runs if run.error} - {NotFoundError.code}
    if not kinds:
        return 0
    return SourceError.exit_code if SourceError.code in kinds else SkywrightError.exit_code


@contextmanager
def settings_with(
    catalogues: Path | None, recorded: Path | None, *, is_sandbox: bool
) -> Iterator[Settings]:
    """Yield the settings, those of a sandbox while it runs where one is wished."""
    from skywright.settings import get_settings

    settings = get_settings()
    chosen = {"SKYWRIGHT_CATALOGUES_DIR": f"{catalogues.absolute()}"} if catalogues else {}
    if catalogues is not None:
        settings = settings.model_copy(update={"catalogues_dir": catalogues.absolute()})
    if not is_sandbox:
        with _in_force(chosen):
            yield settings
        return
    from skywright.sources.sandbox.running import running_sandbox

    typer.echo("Starting the stand-ins", err=True)
    with (
        running_sandbox(catalogues, recorded) as running,
        _in_force(chosen | running.environment(is_shut=True)),
    ):
        yield running.settings(settings)


@contextmanager
def _in_force(variables: dict[str, str]) -> Iterator[None]:
    """Set the environment, for tools that are handed no settings and read them themselves."""
    from skywright.settings import get_settings

    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    get_settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        get_settings.cache_clear()


def _conversation(session: Session, question: str, named: str | None) -> str:
    """Return the id of the conversation with a title or id, of a new one if there is none."""
    if named is None:
        return session.begin(question).id
    for one in session.memory.recent(limit=_MOST_LOOKED_AT):
        if named in {one.id, one.title}:
            return one.id
    return session.begin(question, named).id


def _answered(events: Iterator[Event]) -> Answer:
    from skywright.assistant.session import AnswerError

    for event in events:
        if event.kind == "status":
            typer.echo(printable(event.text), err=True)
        elif event.kind == "tool_call":
            typer.echo(f"{event.call.tool} {_short(event.call.arguments)}", err=True)
        elif event.kind == "tool_result" and event.run.error:
            typer.echo(printable(f"{event.run.call.tool}: {event.run.error}"), err=True)
        elif event.kind == "done":
            return event.answer
        elif event.kind == "error":
            raise AnswerError(event)
    message = "The answer ended without an end."
    raise RuntimeError(message)


def _short(arguments: dict[str, Any]) -> str:
    told = " ".join(f"{name}={value}" for name, value in arguments.items())
    return told if len(told) <= 160 else f"{told[:157]}..."


def _copied(artifacts: tuple[Artifact, ...], out: Path) -> tuple[Artifact, ...]:
    from skywright.errors import InputError

    copied = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for one in artifacts:
            place = out / Path(one.path).name
            partial = place.with_name(place.name + ".partial")
            shutil.copyfile(one.path, partial)
            partial.replace(place)
            copied.append(one.model_copy(update={"path": str(place)}))
    except OSError as error:
        message = f"Files cannot be copied to {out}: {error.strerror}."
        raise InputError(message, hint="Name a folder that you may write to.") from error
    return tuple(copied)


def _told(answer: Answer, artifacts: tuple[Artifact, ...]) -> dict[str, Any]:
    return {
        "text": answer.text,
        "citations": [_citation(one) for one in answer.citations],
        "tool_calls": [_call(one) for one in answer.tool_runs],
        "artifacts": [one.model_dump() for one in artifacts],
        "warnings": list(answer.warnings),
        "is_found": answer.is_found,
        "is_question": answer.is_question,
        "is_failed": _exit_code(answer) != 0,
        "removed_citations": answer.removed_citations,
        "engine": answer.engine,
    }


def _citation(one: Citation) -> dict[str, Any]:
    return {
        "quote": one.quote,
        "source": one.source or one.title,
        "title": one.title,
        "kind": one.kind,
        "id": one.id,
        "start": one.start,
        "stop": one.stop,
    }


def _call(run: ToolRun) -> dict[str, Any]:
    origins = run.result.origins if run.result else ()
    queries = [one.query for one in origins if one.query]
    return {
        "id": run.call.id,
        "tool": run.call.tool,
        "arguments": run.call.arguments,
        "result": (run.result.text if run.result else "")[:_LONGEST_SUMMARY],
        "error": run.error,
        "error_code": run.error_code,
        "query": "\n".join(queries),
        "sources": [one.title for one in origins],
        "table": run.result.table if run.result else "",
        "seconds": run.seconds,
    }


def _print(answer: Answer, artifacts: tuple[Artifact, ...]) -> None:
    numbers = {one: k for k, one in enumerate(answer.citations, start=1)}
    for statement in answer.statements:
        marks = "".join(f"[{numbers[one]}]" for one in statement.citations if one in numbers)
        typer.echo(printable(f"{statement.text} {marks}".rstrip() + "\n"))
    if not answer.statements:
        typer.echo(printable(f"{answer.text}\n"))
    for one in artifacts:
        typer.echo(f"{one.title}: {one.path}")
    for citation, number in numbers.items():
        place = f"characters {citation.start} to {citation.stop}"
        where = f"{citation.title}, {place}" if citation.kind == "chunk" else citation.title
        typer.echo(printable(f'[{number}] "{" ".join(citation.quote.split())}" ({where})'))
    for warning in answer.warnings:
        typer.echo(printable(f"Note: {warning}"), err=True)
