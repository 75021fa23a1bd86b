"""Putting a version into use, or on trial beside the one in use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from skywright.errors import (
    AccessError,
    ConflictError,
    InputError,
    NotFoundError,
    SkywrightError,
)
from skywright.foundry.registry import CHALLENGER, CHAMPION, Registry
from skywright.foundry.serve.deployment import (
    MODES,
    SINGLE,
    Deployment,
    Mode,
    deployment_in,
    flags_of,
    fraction_of,
    recipe_flags,
    write_deployment,
)
from skywright.foundry.serve.opened import Opened, Shelf
from skywright.foundry.serve.reference import SHIPPED, Reference, version_of
from skywright.foundry.serve.watermark import refuse_unmarkable
from skywright.security.callers import Caller
from skywright.security.roles import Role
from skywright.store.audit import add_audit_row

KEPT_BACK = "kept back"


@dataclass(frozen=True, slots=True)
class Order:
    """A wish to deploy."""

    reference: Reference
    """The model, with the version if it is named there."""
    version: str | None = None
    """The version, if it is named apart."""
    mode: str | None = None
    """``single``, ``canary``, ``shadow`` or ``ab``; None: as its recipe says."""
    fraction: float | None = None
    """Share of the requests on trial."""
    flags: dict[str, Any] = field(default_factory=dict)
    """Flags that change."""
    override: bool = False
    """Whether a model that its gate kept back is deployed all the same."""
    reason: str = ""
    """Why."""


def deploy(registry: Registry, shelf: Shelf, order: Order, caller: Caller) -> Deployment:
    """Carry out a wish; on any error everything stays as it was.

    Raises
    ------
    NotFoundError
        If there is no such version.
    InputError
        If mode, fraction or a flag is not allowed.
    ConflictError
        If its gate kept it back, its licence is not known, or it cannot be tried beside the
        champion.
    AccessError
        If the caller may not overrule the gate.
    """
    name = order.reference.name
    version = _version(registry, order)
    opened = shelf.open(name, version)
    _refuse_kept_back(opened, order, caller)
    _refuse_licence(registry, opened)
    _open_champion(registry, shelf, name)
    with registry.database.write() as connection:
        before = _before(connection, registry, name)
        now = _wanted(before, opened, order)
        if now.flags.watermark:
            refuse_unmarkable(opened)
        if now.challenger is None:
            to = None if version == SHIPPED else version
            registry.point(connection, name, to, CHAMPION, by=caller.name)
        else:
            refuse_other_inputs(shelf.open(name, now.champion), opened)
        registry.point(connection, name, now.challenger, CHALLENGER, by=caller.name)
        write_deployment(connection, now)
        why = f", overriding its gate: {order.reason}" if order.override else ""
        add_audit_row(connection, caller.name, "model.deploy", name, f"{version} {now.mode}{why}")
    return now


def remove(registry: Registry, reference: Reference, caller: Caller) -> str:
    """Delete the files of a version; what it was made from and what became of it stay on record.

    Returns
    -------
    str
        ``name@version``.

    Raises
    ------
    NotFoundError
        If there is no such version.
    ConflictError
        If it is in use, ships with the package, or another model starts from it.
    """
    version = version_of(registry, reference)
    identity = f"{reference.name}@{version}"
    if version == SHIPPED:
        message = f"Model {reference.name} ships with the package and cannot be deleted."
        raise ConflictError(message)
    users = [row["id"] for row in registry.rows() if row["base_model_id"] == identity]
    if users:
        message = f"{identity} cannot be deleted: {', '.join(users)} needs it as its base."
        raise ConflictError(message, hint="Delete those first.")
    registry.remove(reference.name, version, by=caller.name)
    return identity


def _version(registry: Registry, order: Order) -> str:
    if order.mode is not None and order.mode not in MODES:
        message = f"mode = {order.mode!r} is not allowed: it must be one of {', '.join(MODES)}."
        raise InputError(message)
    named = order.reference.which
    if order.version is not None and named is not None and order.version != named:
        message = f"The path names the version {named}, the body {order.version}."
        raise InputError(message, hint="Name it in one place.")
    which = order.version or named
    return version_of(registry, Reference(order.reference.name, which))


def _open_champion(registry: Registry, shelf: Shelf, name: str) -> None:
    """Open the champion, so that the transaction need not wait for it with the database locked."""
    try:
        shelf.open(name, version_of(registry, Reference(name)))
    except SkywrightError:
        return  # there is none, or it answers no rows: then it is no opponent either


def _before(connection: Connection, registry: Registry, name: str) -> Deployment | None:
    try:
        return deployment_in(connection, registry, name)
    except NotFoundError:
        return None


def _wanted(before: Deployment | None, opened: Opened, order: Order) -> Deployment:
    """Return the endpoint as it shall be."""
    asked = opened.deploy
    flags = flags_of(order.flags, recipe_flags(asked) if before is None else before.flags)
    mode = _mode(order, asked, before, opened.version)
    if mode == SINGLE:
        return Deployment(opened.name, opened.version, flags=flags)
    if before is None:
        message = f"Model {opened.name} has no champion to try {opened.version} beside."
        raise ConflictError(message, hint="Deploy it with mode single.")
    if before.champion == opened.version:
        message = f"{opened.id} is the champion, so it cannot be tried beside itself."
        raise ConflictError(message, hint="Name another version, or use mode single.")
    given = order.fraction
    if given is None and mode == "canary" and asked.get("canary"):
        given = min(float(asked["canary"]), 0.99)
    share = fraction_of(mode, given)
    return Deployment(opened.name, before.champion, opened.version, mode, share, flags)


def _mode(order: Order, asked: dict[str, Any], before: Deployment | None, version: str) -> Mode:
    """Return the mode asked for, or the recipe's where there is a champion to compare with."""
    if order.mode is not None:
        return next(mode for mode in MODES if mode == order.mode)
    if before is None or before.champion == version:
        return SINGLE
    if asked.get("canary"):
        return "canary"
    return "shadow" if asked.get("shadow") else SINGLE


def _refuse_kept_back(opened: Opened, order: Order, caller: Caller) -> None:
    gate = opened.facts.get("gate") or {}
    if gate.get("state") != KEPT_BACK:
        return
    if not order.override:
        message = f"{opened.id} was kept back by its gate: {gate.get('reason', '')}"
        hint = 'An admin may deploy it with {"override": true, "reason": "..."}.'
        raise ConflictError(message, hint=hint)
    if caller.role < Role.ADMIN:
        held = caller.role.label
        message = f"To deploy a model that was kept back needs the role admin, not {held}."
        raise AccessError(message)
    if not order.reason.strip():
        message = "Say with a reason why the gate is overridden; it goes into the audit trail."
        raise InputError(message)


def _refuse_licence(registry: Registry, opened: Opened) -> None:
    from skywright.foundry.data.licences import deployment_blocked

    licences = opened.facts.get("licences") or []
    blocked = deployment_blocked(registry.database, opened.id, licences)
    if blocked is not None:
        raise ConflictError(blocked)


def refuse_other_inputs(champion: Opened, challenger: Opened) -> None:
    """Refuse a trial of a version that needs columns which callers of the champion do not send.

    Raises
    ------
    ConflictError
        Names the columns.
    """
    sent = {column.name for column in champion.signature.inputs}
    needed = [
        column.name
        for column in challenger.signature.inputs
        if column.name not in sent and not column.optional
    ]
    if needed:
        message = (
            f"{challenger.id} needs {', '.join(needed)}, which callers of {champion.id} do not "
            "send, so they cannot be tried beside each other."
        )
        raise ConflictError(message, hint="Deploy it with mode single once callers send them.")
