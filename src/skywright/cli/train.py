"""``skywright train``, ``models`` and ``retrain``: the lifecycle of a model in a terminal."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.foundry.registry import Registry
    from skywright.foundry.training import Outcome

Data = Annotated[Path, typer.Option("--data", help="Folder of the training data.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(train)
    app.command()(retrain)
    app.command()(models)


def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a TOML file.")],
    data: Data,
    out: Annotated[Path | None, typer.Option("--out", help="Registry folder.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model; one that is worse than the model in use is kept back (exit code 4)."""
    from skywright.foundry.recipe import load_recipe
    from skywright.foundry.training import train as run

    _tell(run(load_recipe(recipe), data, _registry(out), seed=seed), as_json=as_json)


def retrain(
    data: Data,
    out: Annotated[Path | None, typer.Option("--out", help="Registry folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train the hazard network again with the labels that people gave."""
    from skywright.neo.retrain import retrain_with_labels
    from skywright.store.database import Database

    _tell(retrain_with_labels(data, _registry(out), Database.of()), as_json=as_json)


def models(
    as_json: AsJson = False,
) -> None:
    """List the recipes that ship and the models in use."""
    from skywright.foundry.recipe import load_recipe, recipe_names

    registry, rows = _registry(None), []
    for name in recipe_names():
        recipe, facts = load_recipe(name), registry.facts(name)
        metrics = (facts or {}).get("metrics", {})
        rows.append(
            {
                "name": name,
                "title": recipe.title,
                "version": (facts or {}).get("version", "shipped" if facts else None),
                "metric": recipe.metric,
                "value": metrics.get(recipe.metric),
            }
        )
    if as_json:
        emit_json({"models": rows})
        return
    for row in rows:
        typer.echo(f"{row['name']:18s} {row['metric']} = {row['value']}  {row['title']}")


def _registry(out: Path | None) -> Registry:
    from skywright.foundry.registry import Registry
    from skywright.settings import get_settings

    return Registry(out or get_settings().data_dir.expanduser() / "models")


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(outcome))
    else:
        typer.echo(f"{outcome.name} {outcome.version} is in use: {outcome.verdict.reason}")
