"""What models there are: shipped and trained here, with their versions and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skywright.errors import NotFoundError, SkywrightError
from skywright.foundry.registry import CHALLENGER, CHAMPION, Registry, packaged
from skywright.foundry.serve.deployment import Deployment, read_deployment
from skywright.foundry.serve.opened import kind_of
from skywright.foundry.serve.reference import SHIPPED, Reference, version_of
from skywright.foundry.serve.trial import read_state


def list_models(registry: Registry) -> list[dict[str, Any]]:
    """Return every model by name, with its versions, the oldest first."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in registry.rows():
        rows.setdefault(row["name"], []).append(row)
    names = {name for name in registry.names() if rows.get(name) or packaged(name) is not None}
    return [_listed(registry, name, rows.get(name, [])) for name in sorted(names)]


def show_model(registry: Registry, reference: Reference) -> dict[str, Any]:
    """Return one model with its endpoint and its trial; of a version, that version's facts.

    Raises
    ------
    NotFoundError
        If there is no such model or version.
    """
    name = reference.name
    rows = registry.rows(name)
    if not rows and packaged(name) is None:
        message = f"There is no model {name!r}."
        raise NotFoundError(message, hint="GET /api/models lists what there is.")
    told = _listed(registry, name, rows)
    if reference.which is not None:
        version = version_of(registry, reference)
        told |= {"version": version, "card": registry.facts(name, version)}
        told |= next((one for one in told["versions"] if one["version"] == version), {})
    return {**told, "trial": read_state(registry, name)}


def _listed(registry: Registry, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    versions = [_version(registry, row) for row in rows]
    shipped = packaged(name) is not None
    champion = next((one for one in versions if CHAMPION in one["aliases"]), None)
    if shipped:
        versions.insert(0, _shipped(registry, name, in_use=champion is None))
    shown = champion or versions[0] if shipped else champion or versions[-1]
    facts = registry.facts(name, shown["version"]) or {}
    return {
        "name": name,
        "trained_here": shown["version"] != SHIPPED,
        "card": facts,
        "version": shown["version"],
        "kind": shown["kind"],
        "title": facts.get("title") or (facts.get("recipe") or {}).get("title", ""),
        "metric": _judging(facts),
        "licence": shown["licence"],
        "created_at": shown["created_at"],
        "gate": shown["gate"],
        "deployed": shown["deployed"],
        "endpoint": _endpoint(registry, name),
        "versions": versions,
    }


def _version(registry: Registry, row: dict[str, Any]) -> dict[str, Any]:
    facts = _facts(registry, row["name"], row["version"])
    return {
        "id": row["id"],
        "version": row["version"],
        "aliases": row["aliases"],
        "kind": row["kind"],
        "gate": row["gate"],
        "gate_reason": row["gate_reason"],
        "metrics": row["performance_metrics"],
        "metric": _judging(facts),
        "deployed": bool({CHAMPION, CHALLENGER} & set(row["aliases"])),
        "licence": " AND ".join(one for one in facts.get("licences") or [] if one),
        "created_at": row["created_at"],
        "training_job_id": row["training_job_id"],
        "dataset_id": row["dataset_id"],
        "base_model_id": row["base_model_id"],
    }


def _shipped(registry: Registry, name: str, *, in_use: bool) -> dict[str, Any]:
    facts = registry.facts(name, SHIPPED) or {}
    recipe = facts.get("recipe") or {}
    return {
        "id": f"{name}@{SHIPPED}",
        "version": SHIPPED,
        "aliases": [CHAMPION] if in_use else [],
        "kind": kind_of(facts, name),
        "gate": "passed",
        "gate_reason": "It ships with the package.",
        "metrics": facts.get("metrics") or {},
        "metric": _judging(facts),
        "deployed": in_use,
        "licence": recipe.get("licence") or "Apache-2.0",
        "created_at": facts.get("made_utc"),
        "training_job_id": None,
        "dataset_id": None,
        "base_model_id": None,
    }


def _facts(registry: Registry, name: str, version: str) -> dict[str, Any]:
    """Return the manifest, or nothing of a version whose files were changed: a list lists it."""
    try:
        return registry.facts(name, version) or {}
    except SkywrightError:
        return {}


def _judging(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return name and value of the metric that judges."""
    recipe, metrics = facts.get("recipe") or {}, facts.get("metrics") or {}
    listed = (recipe.get("evaluate") or {}).get("metrics") or []
    report = facts.get("report") or {}
    name = recipe.get("metric") or next(iter(listed), None) or report.get("metric")
    if name is None or name not in metrics:
        return None
    return {"name": name, "value": metrics[name]}


def _endpoint(registry: Registry, name: str) -> dict[str, Any] | None:
    try:
        return told(read_deployment(registry, name))
    except NotFoundError:
        return None


def told(now: Deployment) -> dict[str, Any]:
    """Return an endpoint for reading."""
    flags = now.flags
    return {
        "model": now.name,
        "champion": now.champion,
        "challenger": now.challenger,
        "mode": now.mode,
        "fraction": now.fraction,
        "flags": {name: getattr(flags, name) for name in flags.__slots__},
    }
