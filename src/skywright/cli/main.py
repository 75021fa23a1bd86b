"""The command ``skywright``: every verb of the rooms below, in a terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from skywright import __version__
from skywright.cli import (
    ask,
    assistant,
    audit,
    backup,
    catalogues,
    chat,
    collect,
    data,
    doctor,
    evaluate,
    federate,
    jobs,
    keys,
    knowledge,
    mcp,
    models,
    neo,
    openapi,
    plan,
    predict,
    privacy,
    sandbox,
    serve,
    sources,
    ssa,
    tools,
    train,
    tune,
    watch,
)
from skywright.cli.output import AsJson, emit_json
from skywright.errors import SkywrightError

app = typer.Typer(
    name="skywright",
    help="Models of the sky: collect, assess, learn, simulate, serve.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(neo.app, name="neo")
app.add_typer(ssa.app, name="ssa")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(assistant.app, name="assistant")
app.add_typer(collect.app, name="collect")
app.add_typer(catalogues.app, name="catalogues")
app.add_typer(sources.app, name="sources")
app.add_typer(tools.app, name="tools")
app.add_typer(data.app, name="data")
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(privacy.app, name="privacy")
app.add_typer(watch.app, name="watch")
app.add_typer(federate.app, name="federate")
ask.register(app)
chat.register(app)
backup.register(app)
doctor.register(app)
evaluate.register(app)
serve.register(app)
sandbox.register(app)
mcp.register(app)
predict.register(app)
openapi.register(app)
plan.register(app)
train.register(app)
tune.register(app)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def warm(
    as_json: AsJson = False,
) -> None:
    """Compile the orbit kernels and cache them, so that the first answer is fast."""
    from skywright.neo.warm import warm_up
    from skywright.ssa.warm import use_kernels

    told = warm_up()
    use_kernels()
    if as_json:
        emit_json({"kernels": told})
    else:
        typer.echo(told, err=True)


def main() -> None:
    """Run the command line; errors that a user can mend are one sentence and an exit code."""
    try:
        app()
    except SkywrightError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
