"""Versions that are open: loaded once, kept while they are asked, closed when memory runs short."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.errors import SkywrightError
from skywright.foundry.kind import SIGNATURE, Predict, kind_named
from skywright.foundry.onnx_model import AGREEMENT, MODEL, load_onnx
from skywright.foundry.registry import Registry
from skywright.foundry.serve.figures import Figures
from skywright.foundry.signature import Signature

ONNX = "onnx"
_MB = 1e6


class NoContractError(SkywrightError):
    """A model is there, but its kind does not answer rows."""

    http_status = 422
    code = "no_contract"


@dataclass(frozen=True, slots=True)
class Opened:
    """One version, ready to answer."""

    name: str
    """Name of the model."""
    version: str
    """Its version."""
    kind: str
    """Its kind."""
    engine: str
    """``onnx`` or the name of the kind that loaded it."""
    signature: Signature
    """What it takes and gives."""
    predict: Predict
    """Checked rows to answers."""
    facts: dict[str, Any]
    """Its manifest."""
    size_mb: float
    """Size of its files [MB]."""

    @property
    def id(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def deploy(self) -> dict[str, Any]:
        """Return the table ``[deploy]`` of its recipe."""
        return dict((self.facts.get("recipe") or {}).get("deploy") or {})


class Shelf:
    """The open versions.

    Parameters
    ----------
    registry : Registry
        Where versions lie.
    most_mb : float
        Most megabytes of files that are open at once; one version is open whatever its size.
    figures : Figures, optional
        Told how much is open.
    """

    def __init__(self, registry: Registry, most_mb: float, figures: Figures | None = None) -> None:
        self._registry = registry
        self._most_mb = most_mb
        self._figures = figures
        self._open: OrderedDict[tuple[str, str], Opened] = OrderedDict()
        self._lock = threading.Lock()
        self._loading: dict[tuple[str, str], threading.Lock] = {}

    def open(self, name: str, version: str) -> Opened:
        """Return a version, opened now if it is not; one thread opens it, the others wait.

        Raises
        ------
        NotFoundError
            If there is no such version.
        NoContractError
            If its kind does not answer rows.
        """
        key = (name, version)
        with self._lock:
            found = self._seen(key)
            turn = self._loading.setdefault(key, threading.Lock())
        if found is not None:
            return found
        with turn:
            with self._lock:
                found = self._seen(key)
            if found is None:
                found = open_version(self._registry, name, version)
                with self._lock:
                    self._keep(key, found)
        return found

    def close(self) -> None:
        """Let go of all versions."""
        with self._lock:
            self._open.clear()

    def names(self) -> list[str]:
        """Return ``name@version`` of the open versions, the one asked longest ago first."""
        with self._lock:
            return [one.id for one in self._open.values()]

    def _seen(self, key: tuple[str, str]) -> Opened | None:
        found = self._open.get(key)
        if found is not None:
            self._open.move_to_end(key)
        return found

    def _keep(self, key: tuple[str, str], opened: Opened) -> None:
        self._open[key] = opened
        while len(self._open) > 1 and self._total_mb() > self._most_mb:
            self._open.popitem(last=False)
        self._loading.pop(key, None)
        if self._figures is not None:
            self._figures.open_mb.set(self._total_mb())

    def _total_mb(self) -> float:
        return sum(one.size_mb for one in self._open.values())


def open_version(registry: Registry, name: str, version: str) -> Opened:
    """Open a version: with ONNX Runtime where it is proved to agree, else by its kind.

    Raises
    ------
    NoContractError
        If the folder has no signature, so that nobody knows which rows it takes.
    """
    folder = registry.folder(name, version)
    facts = registry.facts(name, version) or {}
    kind = kind_of(facts, name)
    if not (folder / SIGNATURE).is_file():
        message = f"Model {name}@{version} of kind {kind} does not answer rows."
        hint = "It has routes or commands of its own; see its card."
        raise NoContractError(message, hint=hint)
    signature = Signature.of(folder)
    onnx = answers_as_a_table(signature) and served_by_onnx(folder, facts)
    return Opened(
        name=name,
        version=version,
        kind=kind,
        engine=ONNX if onnx else kind,
        signature=signature,
        predict=load_onnx(folder) if onnx else kind_named(kind).load(folder),
        facts=facts,
        size_mb=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MB,
    )


def kind_of(facts: Mapping[str, Any], name: str) -> str:
    """Return the kind of a model; what ships with a card alone is of the kind of its name."""
    return str(facts.get("kind") or (facts.get("recipe") or {}).get("kind") or name)


def answers_as_a_table(signature: Signature) -> bool:
    """Tell whether an export gives classes or numbers; others word their own answers."""
    return signature.task.endswith(("binary", "multiclass", "regression"))


def served_by_onnx(folder: Path, facts: dict[str, Any]) -> bool:
    """Tell whether ONNX Runtime may answer: its copy agrees, and the recipe allows it."""
    told = folder / AGREEMENT
    if not (folder / MODEL).is_file() or not told.is_file():
        return False
    wanted = ((facts.get("recipe") or {}).get("deploy") or {}).get("onnx", True)
    return bool(wanted and json.loads(told.read_text(encoding="utf-8")).get("agrees"))
