"""One file that holds an installation: database, blobs, models, vault."""

from __future__ import annotations

import contextlib
import os
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from skywright import __version__
from skywright.errors import ConflictError, InputError
from skywright.security.archive import (
    FOLDERS,
    KEY_FILES,
    MANIFEST,
    POSTGRES,
    SIDE_DATABASES,
    SIGNATURE,
    SQLITE,
    Manifest,
    Writer,
    links,
    plain_files,
)
from skywright.security.database_copies import copy_database, copy_sqlite, is_sqlite
from skywright.security.signing import Signer
from skywright.settings import Settings
from skywright.store.database import Database, utc_now


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup holds, and what not."""

    manifest: Manifest
    """Every member."""
    left_out: tuple[str, ...]
    """Entries of the data folder that are not in it."""
    keys_elsewhere: tuple[str, ...]
    """Secrets that are not in it and without which it is worth less."""


def make_backup(settings: Settings, database: Database, out: Path, *, with_keys: bool) -> Made:
    """Write a backup while the server may run.

    Databases are copied first: a file that their rows name was written before them.

    Parameters
    ----------
    settings : Settings
        Which installation.
    database : Database
        Its database.
    out : Path
        The tar file; it appears whole or not at all, readable by its owner only.
    with_keys : bool
        Whether to put the secrets in. Who has such a file can read everything in it.

    Raises
    ------
    InputError
        If the folder of ``out`` does not exist.
    ConflictError
        If ``out`` exists.
    """
    if not out.parent.is_dir():
        message = f"The folder {out.parent} for the backup does not exist; make it first."
        raise InputError(message)
    if out.exists():
        message = f"The file {out} exists; name another one."
        raise ConflictError(message)
    data_dir = settings.data_dir.expanduser()
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".skywright-backup-") as scratch:
        copy, partial = Path(scratch) / "database", Path(scratch) / "archive"
        revision, rows = copy_database(database, copy)
        kind = "sqlite" if is_sqlite(database) else "postgresql"
        manifest = Manifest(
            utc_now(), __version__, kind, revision, rows, with_keys, _secrets(settings)
        )
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                _fill(Writer(tar, manifest), data_dir, copy)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(out)
    return Made(manifest, _left_out(data_dir, database), _keys_elsewhere(settings, with_keys))


def _fill(writer: Writer, data_dir: Path, copy: Path) -> None:
    manifest = writer.manifest
    writer.add_file(SQLITE if manifest.database == "sqlite" else POSTGRES, copy)
    for name in SIDE_DATABASES:
        if (data_dir / name).is_file():
            side = copy.with_name(name)
            copy_sqlite(data_dir / name, side)
            writer.add_file(f"files/{name}", side)
            side.unlink()
    _add_own_public_key(writer, data_dir)
    for folder in FOLDERS:
        for path in plain_files(data_dir / folder):
            with contextlib.suppress(FileNotFoundError):  # erased while we were on the way
                writer.add_file(f"files/{path.relative_to(data_dir).as_posix()}", path)
    if manifest.keys:
        for name in KEY_FILES:
            if (data_dir / name).is_file():
                writer.add_file(f"keys/{name}", data_dir / name)
    content = manifest.to_bytes()
    writer.add_bytes(MANIFEST, content, listed=False)
    signature = Signer(data_dir).sign(content)
    writer.add_bytes(SIGNATURE, signature.encode(), listed=False)


def _add_own_public_key(writer: Writer, data_dir: Path) -> None:
    """Let whoever restores the models trust those who signed them, without the private key."""
    public = Signer(data_dir).public_key()
    kept = {path.read_text(encoding="ascii") for path in (data_dir / "trusted-keys").glob("*.pub")}
    if public not in {text.strip() for text in kept}:
        name = "".join(c for c in public if c.isalnum())[:12]
        writer.add_bytes(f"files/trusted-keys/restored-{name}.pub", public.encode())


def _left_out(data_dir: Path, database: Database) -> tuple[str, ...]:
    name = Path(database.url).name
    ours = {*FOLDERS, *KEY_FILES}
    for file in (name, *SIDE_DATABASES):
        ours |= {file, f"{file}-wal", f"{file}-shm"}
    others = [path.name for path in data_dir.iterdir() if path.name not in ours]
    for folder in FOLDERS:
        others += [path.relative_to(data_dir).as_posix() for path in links(data_dir / folder)]
    return tuple(sorted(others))


def _secrets(settings: Settings) -> list[str]:
    """Return the names of the secrets in use, from the environment or a file."""
    named = {
        "master.key": settings.master_key.get_secret_value(),
        "pseudonym.salt": settings.pseudonym_salt.get_secret_value(),
    }
    folder = settings.data_dir.expanduser()
    return [name for name in KEY_FILES if named.get(name) or (folder / name).is_file()]


def _keys_elsewhere(settings: Settings, with_keys: bool) -> tuple[str, ...]:  # noqa: FBT001
    """Return the secrets to be kept beside the backup."""
    told = []
    if settings.master_key.get_secret_value():
        told.append("SKYWRIGHT_MASTER_KEY")
    if settings.pseudonym_salt.get_secret_value():
        told.append("SKYWRIGHT_PSEUDONYM_SALT")
    if not with_keys:
        folder = settings.data_dir.expanduser()
        told += [str(folder / name) for name in KEY_FILES if (folder / name).is_file()]
    return tuple(told)
