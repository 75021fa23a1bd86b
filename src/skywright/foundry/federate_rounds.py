"""Rounds by store and forward: offers and updates are files or requests, and nobody waits.

The coordinator keeps everything in a folder and can be stopped at any time. A round is closed when
enough clients have answered; one that comes later still counts for a while, with less weight. A
client has one answer a round, so an answer that is sent again is refused, by whomever.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skywright.errors import AccessError, ConflictError, InputError, NotFoundError
from skywright.foundry.data.splits import Split
from skywright.foundry.federate import (
    Change,
    FederatedKind,
    Plan,
    added,
    averaged,
    copy_model,
    federated_kind,
    local_change,
    refuse_other_shapes,
)
from skywright.foundry.federate_message import (
    Header,
    digest_of,
    files_as_arrays,
    packed,
    unpacked,
    write_files,
)
from skywright.foundry.recipe import Recipe, recipe_of

_STATE = "federation.json"
_ASK_AGE_S = 300.0
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Rules:
    """When a round ends, and what late answers count."""

    quorum: int = 1
    """Clients that must have answered before a round can be closed."""
    most_lag: int = 1
    """Rounds by which an answer may be late."""
    discount: float = 0.5
    """Factor on the weight of an answer for every round that it is late."""


class Coordinator:
    """The common model of a federation, in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made by `begin`.
    keys : mapping
        Shared key of each client, at least 16 bytes.
    kind : FederatedKind, optional
        Instead of the recipe's.
    """

    def __init__(
        self, folder: Path, keys: Mapping[str, bytes], kind: FederatedKind | None = None
    ) -> None:
        self.folder, self.keys = folder, dict(keys)
        self._lock = threading.Lock()
        path = folder / _STATE
        if not path.is_file():
            message = f"There is no federation in {folder}."
            raise NotFoundError(message, hint="Begin one first.")
        state = json.loads(path.read_text(encoding="utf-8"))
        self.recipe = recipe_of(state["recipe"], str(path))
        self.kind = kind or federated_kind(self.recipe.kind)

    @classmethod
    def begin(
        cls,
        folder: Path,
        recipe: Recipe,
        start: Path,
        keys: Mapping[str, bytes],
        *,
        kind: FederatedKind | None = None,
        rules: Rules | None = None,
    ) -> Coordinator:
        """Begin a federation from a model.

        Raises
        ------
        ConflictError
            If there is one in the folder.
        InputError
            If the kind cannot be federated, or a key is too short.
        """
        if (folder / _STATE).exists():
            message = f"There is a federation in {folder} already."
            raise ConflictError(message)
        able = kind or federated_kind(recipe.kind)
        base = digest_of(able.weights(start))
        for client, key in keys.items():
            _refuse_odd_name(client)
            packed(Header("ask", "", client), {}, key)
        copy_model(start, folder / "models" / "0000")
        state = {
            "id": secrets.token_hex(16),
            "recipe": recipe.model_dump(mode="json", exclude_unset=True),
            "rules": asdict(rules or Rules()),
            "round": 0,
            "bases": {"0": base},
            "answered": {},
        }
        _write(folder / _STATE, state)
        return cls(folder, keys, able)

    @property
    def state(self) -> dict[str, Any]:
        """What is known: id, recipe, rules, round, bases, answered."""
        return dict(json.loads((self.folder / _STATE).read_text(encoding="utf-8")))

    @property
    def model(self) -> Path:
        """Folder of the common model."""
        return self._model_of(int(self.state["round"]))

    def offer(self, client: str) -> bytes:
        """Return the common model as a message to a client.

        Raises
        ------
        AccessError
            If the client is unknown.
        """
        if client not in self.keys:
            message = f"There is no client {client[:100]!r} in this federation."
            raise AccessError(message)
        state = self.state
        number = int(state["round"])
        header = Header(
            "offer",
            state["id"],
            client,
            number,
            state["bases"][str(number)],
            at=time.time(),
            recipe=state["recipe"],
        )
        return packed(header, files_as_arrays(self._model_of(number)), self.keys[client])

    def answer(self, asked: bytes) -> bytes:
        """Return the offer to a signed request that is at most five minutes old."""
        header, _ = unpacked(asked, self.keys)
        if header.type != "ask" or abs(time.time() - header.at) > _ASK_AGE_S:
            message = "The request for an offer is too old, or the clocks differ."
            raise AccessError(message, hint="Check the clock of the client.")
        return self.offer(header.client)

    def receive(self, content: bytes) -> Header:
        """Take an update in; it counts when the round is closed.

        Raises
        ------
        AccessError
            If the client is unknown or the signature does not fit.
        ConflictError
            If the client has answered this round already, or the round is too long ago.
        InputError
            If it belongs to another federation or another model, or its weights do not fit.
        """
        header, delta = unpacked(content, self.keys)
        if not (np.isfinite(header.rows) and header.rows > 0):
            message = f"An update from {header.rows} rows cannot be weighed."
            raise InputError(message)
        with self._lock:
            state = self.state
            self._refuse_misplaced(header, state)
            refuse_other_shapes(self.kind.weights(self.model), delta)
            place = self._updates(int(state["round"]))
            place.mkdir(parents=True, exist_ok=True)
            _write_bytes(place / f"{header.round:04d}-{header.client}.update", content)
            state["answered"].setdefault(str(header.round), []).append(header.client)
            _write(self.folder / _STATE, state)
        return header

    def close_round(self, plan: Plan | None = None) -> dict[str, Any]:
        """Average what has come in and begin the next round.

        Returns
        -------
        dict
            ``round`` that was closed, ``clients``, ``late``, and what `averaged` tells.

        Raises
        ------
        ConflictError
            If fewer clients than the quorum have answered.
        """
        chosen = plan or Plan()
        chosen.refuse_nonsense()
        with self._lock:
            return self._closed(self.state, chosen)

    def _closed(self, state: dict[str, Any], chosen: Plan) -> dict[str, Any]:
        number, rules = int(state["round"]), Rules(**state["rules"])
        found = self._newest_of_each(number)
        if len(found) < rules.quorum:
            message = f"{len(found)} clients have answered round {number}; {rules.quorum} must."
            raise ConflictError(message)
        changes = [
            Change(delta, header.rows * rules.discount ** (number - header.round))
            for header, delta in found.values()
        ]
        random = np.random.default_rng(secrets.randbits(64) if chosen.noise else chosen.seed)
        average, facts = averaged(changes, chosen, random)
        self._publish(state, average)
        late = [name for name, (header, _) in found.items() if header.round < number]
        return {"round": number, "clients": sorted(found), "late": late, **facts}

    def _newest_of_each(self, number: int) -> dict[str, tuple[Header, dict[str, Any]]]:
        """Return the newest update of each client that has not counted yet."""
        found = {}
        for path in sorted(self._updates(number).glob("*.update")):
            header, delta = unpacked(path.read_bytes(), self.keys)
            found[header.client] = (header, delta)
        return found

    def _refuse_misplaced(self, header: Header, state: Mapping[str, Any]) -> None:
        if header.type != "update" or header.federation != state["id"]:
            message = "The message is no update of this federation."
            raise InputError(message)
        number, base = int(state["round"]), state["bases"].get(str(header.round))
        if header.round < number - int(state["rules"]["most_lag"]):
            message = f"The update is for round {header.round}, and round {number} is under way."
            raise ConflictError(message, hint="Fetch the common model again.")
        if base is None or header.base != base:
            message = f"The update began from another model than that of round {header.round}."
            raise InputError(message, hint="Fetch the common model again.")
        if header.client in state["answered"].get(str(header.round), []):
            message = f"Client {header.client} has answered round {header.round} already."
            raise ConflictError(message)

    def _publish(self, state: dict[str, Any], average: dict[str, Any]) -> None:
        """Write the next model; the state, written last, makes it the common one."""
        number = int(state["round"])
        following = self._model_of(number + 1)
        shutil.rmtree(following, ignore_errors=True)
        shutil.copytree(self._model_of(number), following)
        weights = added(self.kind.weights(following), average)
        self.kind.put_weights(following, weights)
        least = number + 1 - int(state["rules"]["most_lag"])
        state["round"] = number + 1
        state["bases"][str(number + 1)] = digest_of(self.kind.weights(following))
        for kept in ("bases", "answered"):
            state[kept] = {k: v for k, v in state[kept].items() if int(k) >= least}
        _write(self.folder / _STATE, state)
        shutil.rmtree(self._updates(number), ignore_errors=True)

    def _updates(self, number: int) -> Path:
        """Return where updates lie that came while a round was under way; each counts once."""
        return self.folder / "updates" / f"{number:04d}"

    def _model_of(self, number: int) -> Path:
        return self.folder / "models" / f"{number:04d}"


def _refuse_odd_name(client: str) -> None:
    if not _CLIENT.fullmatch(client):
        message = f"A client is named by letters, digits, _ . and -, not {client[:100]!r}."
        raise InputError(message)


def asking(federation: str, client: str, key: bytes) -> bytes:
    """Return a signed request for the common model; the name of the federation may be empty."""
    return packed(Header("ask", federation, client, at=time.time()), {}, key)


def take_part(
    offer: bytes,
    client: str,
    key: bytes,
    split: Split,
    scratch: Path,
    *,
    kind: FederatedKind | None = None,
    proximal: float = 0.0,
) -> bytes:
    """Answer an offer: train on one's own rows and return the update, to be sent when possible.

    Parameters
    ----------
    offer : bytes
        As `Coordinator.offer` made it.
    client, key : str, bytes
        Who answers.
    split : Split
        Rows of the client.
    scratch : pathlib.Path
        Working folder; its content is deleted.
    kind : FederatedKind, optional
        Instead of the recipe's.
    proximal : float
        mu of FedProx.

    Raises
    ------
    AccessError
        If the offer is not for this client, or was changed.
    """
    header, files = unpacked(offer, {client: key})
    if header.type != "offer":
        message = "The message is no offer."
        raise InputError(message)
    given = dict(header.recipe)
    given["seed"] = int(given.get("seed", 1)) + header.round
    if proximal:
        given["params"] = {**given.get("params", {}), "proximal": proximal}
    recipe = recipe_of(given, "of the federation")
    able = kind or federated_kind(recipe.kind)
    shutil.rmtree(scratch, ignore_errors=True)
    write_files(files, scratch / "common")
    change = local_change(able, recipe, split, scratch / "common", scratch / "own")
    told = Header(
        "update",
        header.federation,
        client,
        header.round,
        header.base,
        change.rows,
        time.time(),
    )
    return packed(told, change.delta, key)


def _write(path: Path, state: Mapping[str, Any]) -> None:
    _write_bytes(path, json.dumps(state, indent=1).encode())


def _write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and to the disk before it counts."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
