"""``skywright models``: versions, which one is in use, and how to change that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.foundry.registry import Registry

app = typer.Typer(help="Models: versions, gates, who is in use.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of a model.")]
Version = Annotated[str, typer.Argument(help="Version.")]


@app.command("ls")
def list_models(as_json: AsJson = False) -> None:
    """List every model: those that ship and every version trained here."""
    rows = model_rows(_registry())
    if as_json:
        emit_json({"models": rows})
        return
    for row in rows:
        named = f"{row['name']}@{row['version']}"
        marks = ",".join(row["aliases"]) or row["gate"]
        typer.echo(f"{named:44s} {marks:12s} {row['metric']} = {row['value']}  {row['title']}")


@app.command()
def show(
    name: Name,
    version: Annotated[str | None, typer.Option(help="Instead of the one in use.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the manifest of a model: data, metrics, gate, files."""
    from skywright.errors import NotFoundError

    facts = _registry().facts(name, version)
    if facts is None:
        message = f"There is no model {name!r}."
        raise NotFoundError(message, hint="skywright models ls lists what there is.")
    if as_json:
        emit_json(facts)
        return
    for key, value in facts.items():
        typer.echo(f"{key:18s} {value}")


@app.command()
def promote(name: Name, version: Version, as_json: AsJson = False) -> None:
    """Put a version into use."""
    from skywright.errors import ConflictError
    from skywright.foundry.data.licences import deployment_blocked

    registry = _registry()
    facts = registry.facts(name, version) or {}
    blocked = deployment_blocked(registry.database, f"{name}@{version}", facts.get("licences", []))
    if blocked is not None:
        raise ConflictError(blocked)
    registry.promote(name, version)
    if as_json:
        emit_json({"name": name, "champion": version})
    else:
        typer.echo(f"{name}@{version} is in use.")


@app.command()
def rollback(name: Name, as_json: AsJson = False) -> None:
    """Go back to the version that was in use before."""
    version = _registry().rollback(name)
    if as_json:
        emit_json({"name": name, "champion": version})
    else:
        typer.echo(f"{name}@{version or 'shipped'} is in use.")


@app.command("rm")
def remove(name: Name, version: Version, as_json: AsJson = False) -> None:
    """Delete the files of a version that is not in use; what is known of it stays."""
    _registry().remove(name, version)
    if as_json:
        emit_json({"deleted": f"{name}@{version}"})


@app.command("accept-licence")
def accept(
    name: Name,
    version: Version,
    licence: Annotated[str, typer.Argument(help="The licence that is not known.")],
    reason: Annotated[str, typer.Option(help="Why it is acceptable.")],
    as_json: AsJson = False,
) -> None:
    """Take on an unknown licence for one model, so that it may be deployed."""
    from skywright.foundry.data.licences import accept_licence

    registry = _registry()
    accept_licence(registry.database, f"{name}@{version}", licence, by="local", reason=reason)
    if as_json:
        emit_json({"model": f"{name}@{version}", "accepted": licence})


def model_rows(registry: Registry) -> list[dict[str, Any]]:
    """Return one row a version, those that ship included."""
    trained = registry.rows()
    rows = [_row_of(row, registry) for row in trained]
    for name in registry.names():
        in_use = registry.version(name)
        shipped = registry.facts(name, "shipped")
        if shipped is not None:
            facts = {**shipped, "name": name}
            rows.append(_shipped_row(facts, champion=in_use is None))
    return sorted(rows, key=lambda row: (str(row["name"]), str(row["created_at"] or "")))


def _row_of(row: dict[str, Any], registry: Registry) -> dict[str, Any]:
    facts = registry.facts(row["name"], row["version"]) or {}
    report = facts.get("report") or {}
    metric = report.get("metric")
    return {
        "id": row["id"],
        "name": row["name"],
        "version": row["version"],
        "kind": row["kind"],
        "title": facts.get("title", ""),
        "metric": metric,
        "value": row["performance_metrics"].get(metric),
        "metrics": row["performance_metrics"],
        "gate": row["gate"],
        "reason": row["gate_reason"],
        "aliases": row["aliases"],
        "deployed": bool(row["deployed"]),
        "dataset_id": row["dataset_id"],
        "training_job_id": row["training_job_id"],
        "created_at": row["created_at"],
    }


def _shipped_row(facts: dict[str, Any], *, champion: bool) -> dict[str, Any]:
    from skywright.errors import SkywrightError
    from skywright.foundry.recipe import load_recipe

    metrics = facts.get("metrics", {})
    try:
        recipe = load_recipe(facts["name"])
    except SkywrightError:
        recipe = None
    metric = recipe.judge if recipe else None
    return {
        "id": f"{facts['name']}@shipped",
        "name": facts["name"],
        "version": "shipped",
        "kind": recipe.kind if recipe else None,
        "title": recipe.title if recipe else "",
        "metric": metric,
        "value": metrics.get(metric),
        "metrics": metrics,
        "gate": "passed",
        "reason": "It ships with the package.",
        "aliases": ["champion"] if champion else [],
        "deployed": champion,
        "dataset_id": None,
        "training_job_id": None,
        "created_at": None,
    }


def _registry() -> Registry:
    from skywright.foundry.registry import Registry

    return Registry.of()
