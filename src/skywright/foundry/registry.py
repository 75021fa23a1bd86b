"""A model is a hashed folder, a name is an alias.

``<root>/<name>/<version>/`` holds a model with its signed ``manifest.json``; which version is
``champion`` or ``challenger``, and what was kept back, is in the database. Where nothing was
trained here, the model that ships with the package is in use.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.security.signing import Signer
from skywright.settings import Settings, get_settings
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import aliases, models

MANIFEST = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
REPORT = "report/"
"""Card and pictures: signed with the model, but no part of what makes it another version."""

CHAMPION = "champion"
CHALLENGER = "challenger"
_REMEMBERED_S = 1.0
_VERSION_LENGTH = 16
_CARD = "card.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is recorded of a version besides its files."""

    name: str
    """Name of the model."""
    version: str
    """Hash of its files."""
    facts: dict[str, Any]
    """The manifest."""

    @property
    def id(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"


class Registry:
    """Versions and aliases.

    Parameters
    ----------
    root : pathlib.Path
        Usually ``models`` in the data folder; made when first written to.
    database : Database, optional
        Where versions and aliases are on record; a file in ``root`` if None.
    """

    def __init__(self, root: Path, database: Database | None = None) -> None:
        self.root = root.expanduser().absolute()
        self.database = database or Database(f"sqlite:///{self.root / 'registry.db'}")
        self.signer = Signer(self.root if database is None else self.root.parent)

    @classmethod
    def of(cls, settings: Settings | None = None, database: Database | None = None) -> Registry:
        """Return the registry of the settings."""
        chosen = settings or get_settings()
        return cls(chosen.data_dir / "models", database or Database.of(chosen))

    def store(self, name: str, folder: Path, facts: dict[str, Any]) -> Entry:
        """Sign a finished folder and move it to its place; it is on record only after `record`.

        The same files give the same version, so a repeated run adds nothing.
        """
        hashes = hashes_of(folder)
        told = {path: sha for path, sha in hashes.items() if not path.startswith(REPORT)}
        digest = _digest(json.dumps(told, sort_keys=True).encode())
        entry = Entry(name, digest[:_VERSION_LENGTH], {})
        entry.facts.update({"name": name, "version": entry.version, "files": hashes, **facts})
        place = self.root / name / entry.version
        if not place.exists():
            text = json.dumps(entry.facts, indent=1, default=str) + "\n"
            (folder / MANIFEST).write_text(text, encoding="utf-8")
            signature = self.signer.sign(text.encode())
            (folder / SIGNATURE_FILE).write_text(signature + "\n", encoding="ascii")
            place.parent.mkdir(parents=True, exist_ok=True)
            _moved(folder, place)
        return entry

    def record(self, connection: Connection, entry: Entry) -> None:
        """Put a stored version on record, in the transaction that completes its job."""
        facts, c = entry.facts, models.c
        values = {
            "kind": str(facts.get("kind", "")),
            "base_model_id": facts.get("base_model"),
            "training_job_id": facts.get("job_id"),
            "dataset_id": (facts.get("data") or {}).get("dataset_id"),
            "specialization": facts.get("specialization", ""),
            "performance_metrics": json.dumps(facts.get("metrics", {}), default=str),
            "gate": facts.get("gate", {}).get("state", "passed"),
            "gate_reason": facts.get("gate", {}).get("reason", ""),
            "deleted_at": None,
        }
        known = connection.scalar(select(func.count()).where(c.id == entry.id))
        if known:
            connection.execute(update(models).where(c.id == entry.id).values(values))
            return
        new = {"id": entry.id, "name": entry.name, "version": entry.version} | values
        connection.execute(insert(models).values(**new, created_at=utc_now()))

    def add(self, name: str, folder: Path, facts: dict[str, Any]) -> str:
        """Store and record a copy of a folder; returns its version."""
        self.root.mkdir(parents=True, exist_ok=True)
        copied = self.root / f".adding-{os.getpid()}-{os.urandom(4).hex()}"
        shutil.copytree(folder, copied)
        try:
            entry = self.store(name, copied, facts)
        finally:
            shutil.rmtree(copied, ignore_errors=True)
        with self.database.write() as connection:
            self.record(connection, entry)
        return entry.version

    def promote(self, name: str, version: str, alias: str = CHAMPION, *, by: str = "local") -> None:
        """Make a version the one that an alias names; readers see the old or the new.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        self._refuse_unknown(name, version)
        with self.database.write() as connection:
            self.point(connection, name, version, alias, by=by)

    def point(
        self, connection: Connection, name: str, version: str | None, alias: str, *, by: str
    ) -> None:
        """Point an alias inside a transaction; None lets go of it."""
        c = aliases.c
        here = (c.name == name, c.alias == alias)
        old = connection.scalar(select(c.version).where(*here))
        if old == version:
            return
        connection.execute(delete(aliases).where(*here))
        if version is not None:
            connection.execute(
                insert(aliases).values(
                    name=name, alias=alias, version=version, previous=old, at=utc_now()
                )
            )
        if alias == CHAMPION:
            connection.execute(
                update(models)
                .where(models.c.name == name)
                .values(deployed=(models.c.version == (version or "")).cast(models.c.deployed.type))
            )
        add_audit_row(connection, by, f"model.{alias}", name, f"{old or 'none'} -> {version}")

    def rollback(self, name: str, *, by: str = "local") -> str | None:
        """Go back to the version that was champion before; None means the one that ships.

        Raises
        ------
        ConflictError
            If nothing was promoted here.
        """
        c = aliases.c
        with self.database.write() as connection:
            row = connection.execute(
                select(c.previous).where(c.name == name, c.alias == CHAMPION)
            ).first()
            if row is None or (row.previous is None and packaged(name) is None):
                message = f"Model {name} has no earlier champion to go back to."
                raise ConflictError(message, hint="skywright models ls shows what there is.")
            self.point(connection, name, row.previous, CHAMPION, by=by)
        return None if row.previous is None else str(row.previous)

    def remove(self, name: str, version: str, *, by: str = "local") -> None:
        """Delete the files of a version; its row stays, so that lineage does.

        Raises
        ------
        NotFoundError
            If there is no such version.
        ConflictError
            If an alias names it.
        """
        self._refuse_unknown(name, version)
        with self.database.write() as connection:
            c = aliases.c
            used = connection.scalar(select(c.alias).where(c.name == name, c.version == version))
            if used is not None:
                message = f"Model {name}@{version} is the {used}, so it cannot be deleted."
                raise ConflictError(message, hint="Promote another version first.")
            connection.execute(
                update(models)
                .where(models.c.name == name, models.c.version == version)
                .values(deleted_at=utc_now())
            )
            add_audit_row(connection, by, "model.delete", name, version)
        shutil.rmtree(self.root / name / version)

    def version(self, name: str, alias: str = CHAMPION) -> str | None:
        """Return the version that an alias names, None if it names none trained here."""
        if not (self.root / name).is_dir():
            return None
        with self.database.read() as connection:
            c = aliases.c
            found = connection.scalar(select(c.version).where(c.name == name, c.alias == alias))
        return None if found is None else str(found)

    def champion(self, name: str) -> Path:
        """Return the folder of the model in use.

        Raises
        ------
        NotFoundError
            If it was neither trained here nor ships with the package.
        """
        version = self.version(name)
        if version is not None:
            return self.folder(name, version)
        shipped = packaged(name)
        if shipped is None:
            message = f"There is no model {name!r}: it does not ship, and none was promoted here."
            raise NotFoundError(message, hint="skywright models ls lists what there is.")
        return shipped

    def folder(self, name: str, version: str) -> Path:
        """Return the folder of a version, after its signature and hashes were checked once.

        Raises
        ------
        NotFoundError
            If there is no such version.
        InputError
            If its files are not those that were signed.
        """
        if version == "shipped" and (shipped := packaged(name)) is not None:
            return shipped
        place = self.root / name / version
        if not (place / MANIFEST).is_file():
            message = f"Model {name} has no version {version}; it has {self.versions(name)}."
            raise NotFoundError(message)
        _verified(place, self.signer, (place / MANIFEST).stat().st_mtime_ns)
        return place

    def versions(self, name: str) -> list[str]:
        """Return the versions on record that still have their files, the oldest first."""
        if not (self.root / name).is_dir():
            return []
        query = (
            select(models.c.version)
            .where(models.c.name == name, models.c.deleted_at.is_(None))
            .order_by(models.c.created_at)
        )
        with self.database.read() as connection:
            return [str(version) for version in connection.scalars(query)]

    def names(self) -> list[str]:
        """Return the names of all models, trained here or shipped."""
        shipped = Path(str(files("skywright.pretrained")))
        found = {p.name.replace("_", "-") for p in shipped.iterdir() if _is_model(p)}
        if self.root.is_dir():
            found |= {path.name for path in self.root.iterdir() if _is_model(path)}
        return sorted(found)

    def rows(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return what is on record of versions: columns of the table, with their aliases."""
        if not self.root.is_dir():
            return []
        query = select(models).where(models.c.deleted_at.is_(None))
        if name is not None:
            query = query.where(models.c.name == name)
        with self.database.read() as connection:
            pointed = connection.execute(select(aliases)).mappings().all()
            rows = connection.execute(query.order_by(models.c.name, models.c.created_at)).mappings()
            found = [dict(row) for row in rows]
        for row in found:
            named = (row["name"], row["version"])
            row["aliases"] = [a["alias"] for a in pointed if (a["name"], a["version"]) == named]
            row["performance_metrics"] = json.loads(row["performance_metrics"])
        return found

    def facts(self, name: str, version: str | None = None) -> dict[str, Any] | None:
        """Return the manifest of a version, or of the model in use; None if there is none."""
        try:
            folder = self.champion(name) if version is None else self.folder(name, version)
        except NotFoundError:
            return None
        for file in (MANIFEST, _CARD):
            if (folder / file).is_file():
                return dict(json.loads((folder / file).read_text(encoding="utf-8")))
        return None

    def _refuse_unknown(self, name: str, version: str) -> None:
        if version not in self.versions(name):
            message = f"Model {name} has no version {version}; it has {self.versions(name)}."
            raise NotFoundError(message)


def in_use(name: str) -> Path:
    """Return the folder of the model in use, by the settings; looked up once a second at most.

    Raises
    ------
    NotFoundError
        If it was neither trained here nor ships with the package.
    """
    settings = get_settings()
    key = (str(settings.data_dir), settings.database_url)
    return _looked_up(name, *key, int(time.monotonic() / _REMEMBERED_S))


def on_trial(name: str) -> tuple[str, Path] | None:
    """Return version and folder of the challenger, by the settings; None if there is none."""
    settings = get_settings()
    key = (str(settings.data_dir), settings.database_url)
    return _challenger(name, *key, int(time.monotonic() / _REMEMBERED_S))


@lru_cache(maxsize=64)
def _challenger(name: str, data_dir: str, url: str, _moment: int) -> tuple[str, Path] | None:
    registry = _shared(data_dir, url)
    version = registry.version(name, CHALLENGER)
    return None if version is None else (version, registry.folder(name, version))


@lru_cache(maxsize=64)
def _looked_up(name: str, data_dir: str, url: str, _moment: int) -> Path:
    return _shared(data_dir, url).champion(name)


@lru_cache(maxsize=4)
def _shared(_data_dir: str, _url: str) -> Registry:
    return Registry.of()


@lru_cache(maxsize=256)
def _verified(folder: Path, signer: Signer, _made_ns: int) -> None:
    """Check signature and hashes; remembered while the manifest is the same file."""
    manifest = (folder / MANIFEST).read_bytes()
    signature = folder / SIGNATURE_FILE
    if not signature.is_file():
        message = f"The model in {folder} is not signed."
        raise InputError(message, hint="Train it again, or restore it from a backup.")
    signer.verify(manifest, signature.read_text(encoding="ascii"))
    expected, found = json.loads(manifest)["files"], hashes_of(folder)
    if expected != found:
        names = sorted(
            name for name in {*expected, *found} if expected.get(name) != found.get(name)
        )
        message = f"The model in {folder} was changed: {', '.join(names)}."
        raise InputError(message, hint="Train it again, or restore it from a backup.")


def _is_model(path: Path) -> bool:
    return path.is_dir() and path.name[0] not in "._"


def _moved(folder: Path, place: Path) -> None:
    """Rename into place, through a copy from another disk; an equal run may have been first."""
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.move(folder, partial)
    try:
        partial.replace(place)
    except OSError:
        shutil.rmtree(partial)
        if not (place / MANIFEST).is_file():
            raise


def packaged(name: str) -> Path | None:
    """Return the folder of a model that ships with the package, if there is one."""
    folder = Path(str(files("skywright.pretrained"))) / name.replace("-", "_")
    return folder if folder.is_dir() else None


def hashes_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but the manifest, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hash_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {MANIFEST, SIGNATURE_FILE}
    }


def hash_of(path: Path) -> str:
    """Return the SHA-256 of one file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
