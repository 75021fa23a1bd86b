"""How a request names a model: ``name``, ``name@alias``, ``name@version`` or ``name:version``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from skywright.errors import InputError, NotFoundError
from skywright.foundry.registry import CHALLENGER, CHAMPION, Registry, packaged

SHIPPED = "shipped"
"""What stands for the version of a model that ships with the package."""

_REFERENCE = re.compile(r"(?P<name>[a-z][a-z0-9-]{1,60})([@:](?P<which>[A-Za-z0-9._-]{1,64}))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """A name, and which of its versions is meant."""

    name: str
    """Name of the model."""
    which: str | None = None
    """An alias or a version; None means whatever its endpoint answers with."""


def parse_reference(text: str) -> Reference:
    """Read a reference.

    Raises
    ------
    InputError
        If it has none of the four forms.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None:
        message = f"The model {text[:80]!r} is not named as a model is."
        hint = "Write name, name@version, name@challenger or name:version."
        raise InputError(message, hint=hint)
    return Reference(found["name"], found["which"])


def version_of(registry: Registry, reference: Reference) -> str:
    """Return the version that a reference means, ``shipped`` for what ships with the package.

    Raises
    ------
    NotFoundError
        If there is no such model or version.
    """
    name, which = reference.name, reference.which or CHAMPION
    if which in (CHAMPION, CHALLENGER):
        version = registry.version(name, which)
        if version is None and which == CHAMPION and packaged(name) is not None:
            return SHIPPED
        if version is None:
            _refuse_unknown(registry, name)
            message = f"Model {name} has no {which}."
            raise NotFoundError(message, hint=_has(registry, name))
        return version
    if which == SHIPPED and packaged(name) is not None:
        return SHIPPED
    if which not in registry.versions(name):
        _refuse_unknown(registry, name)
        message = f"Model {name} has no version {which}."
        raise NotFoundError(message, hint=_has(registry, name))
    return which


def _refuse_unknown(registry: Registry, name: str) -> None:
    if packaged(name) is None and not registry.versions(name):
        message = f"There is no model {name!r}."
        raise NotFoundError(message, hint="GET /api/models lists what there is.")


def _has(registry: Registry, name: str) -> str:
    versions = registry.versions(name)
    if packaged(name) is not None:
        versions = [*versions, SHIPPED]
    return f"Its versions are {', '.join(versions)}."
