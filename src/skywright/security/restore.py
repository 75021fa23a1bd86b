"""A backup put in place, or tried in a place of its own."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from skywright.errors import ConflictError, InputError
from skywright.security.archive import (
    FOLDERS,
    KEY_FILES,
    POSTGRES,
    SIDE_DATABASES,
    SQLITE,
    BackupError,
    Manifest,
    unpack,
)
from skywright.security.database_copies import (
    check_audit,
    check_whole,
    count_rows,
    count_sqlite,
    is_empty,
    is_sqlite,
    restore_postgres,
    sqlite_path,
    trial_database,
)
from skywright.security.signing import Signer
from skywright.settings import Settings
from skywright.store.audit import verify_audit
from skywright.store.database import Database

_STAGE = ".restore-"
_ASIDE = "before-restore-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was checked and done."""

    manifest: Manifest
    """What the archive holds."""
    signed: str
    """``trusted``, or ``unknown`` if the installation that signed it is not known here."""
    database_opened: bool
    """Whether the database was opened and its rows counted."""
    audit_broken_id: int | None
    """First row of the audit trail that does not fit, or None."""
    aside: str
    """Folder with what was there before; empty if nothing was."""
    keys_missing: tuple[str, ...]
    """Secrets that are neither in the archive nor here."""


def verify_backup(settings: Settings, database: Database, archive: Path) -> Restored:
    """Restore into a temporary folder, check every hash, open the database, change nothing.

    A dump of PostgreSQL is restored into a new database beside the one of the settings, which is
    dropped again; without such a setting its hash is all that is checked.

    Raises
    ------
    BackupError
        If anything is not as the manifest says.
    """
    with tempfile.TemporaryDirectory(prefix="skywright-verify-") as scratch:
        stage = Path(scratch)
        manifest, signed = _unpacked(settings, archive, stage)
        opened, broken = True, None
        if manifest.database == "sqlite":
            broken = _checked_sqlite(manifest, stage / SQLITE)
        elif is_sqlite(database):
            opened = False
        else:
            with trial_database(database) as trial:
                restore_postgres(trial, stage / POSTGRES)
                _refuse_other_rows(manifest, count_rows(trial)[1])
                broken = verify_audit(trial)
        return Restored(manifest, signed, opened, broken, "", _missing(settings, manifest, stage))


def restore_backup(
    settings: Settings, database: Database, archive: Path, *, force: bool
) -> Restored:
    """Put a backup in place; stop the server first.

    Parameters
    ----------
    settings : Settings
        Which installation.
    database : Database
        Its database.
    archive : Path
        The tar file.
    force : bool
        Whether to go on where something is. Files are moved aside, not deleted; tables of
        PostgreSQL are replaced. Secrets stay where the archive has none.

    Raises
    ------
    ConflictError
        If there is something and ``force`` is false.
    BackupError
        If anything is not as the manifest says; nothing is changed then.
    """
    data_dir = settings.data_dir.expanduser()
    _refuse_what_is_there(data_dir, database, force=force)
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=_STAGE) as scratch:
        stage = Path(scratch)
        manifest, signed = _unpacked(settings, archive, stage)
        broken = None
        if manifest.database == "sqlite":
            broken = _checked_sqlite(manifest, stage / SQLITE)
        missing = _missing(settings, manifest, stage)
        _refuse_other_kind(manifest, database)
        database.close()  # an open connection would go on with the file that is moved aside
        aside = _put_in_place(stage, data_dir, database)
        if manifest.database == "postgresql":
            broken = verify_audit(database)
    return Restored(manifest, signed, True, broken, aside, missing)


def _unpacked(settings: Settings, archive: Path, stage: Path) -> tuple[Manifest, str]:
    manifest, content, signature = unpack(archive, stage)
    for name in SIDE_DATABASES:
        if (stage / "files" / name).is_file():
            check_whole(stage / "files" / name)
    signer = Signer(settings.data_dir.expanduser())
    if signature.partition(":")[0] not in signer.trusted():
        return manifest, "unknown"
    try:
        signer.verify(content, signature)
    except InputError as error:
        message = f"The manifest of {archive} does not fit its signature: it was changed."
        raise BackupError(message, hint="Nothing was changed; do not trust it.") from error
    return manifest, "trusted"


def _checked_sqlite(manifest: Manifest, path: Path) -> int | None:
    revision, rows = count_sqlite(path)
    _refuse_other_rows(manifest, rows)
    if revision != manifest.revision:
        message = f"The database is at revision {revision}, not at {manifest.revision}."
        raise BackupError(message)
    return check_audit(path)


def _refuse_other_rows(manifest: Manifest, rows: dict[str, int]) -> None:
    for name, count in manifest.rows.items():
        if rows.get(name) != count:
            message = f"Table {name} has {rows.get(name)} rows, not {count} as the manifest says."
            raise BackupError(message)


def _refuse_what_is_there(data_dir: Path, database: Database, *, force: bool) -> None:
    if force:
        return
    hint = "Restore into an empty one (SKYWRIGHT_DATA_DIR), or use --force."
    if data_dir.exists() and any(data_dir.iterdir()):
        message = f"The data folder {data_dir} is not empty."
        raise ConflictError(message, hint=hint)
    if is_sqlite(database):
        if sqlite_path(database).exists():
            message = f"The database {sqlite_path(database)} exists."
            raise ConflictError(message, hint=hint)
    elif not is_empty(database):
        message = "The PostgreSQL database of SKYWRIGHT_DATABASE_URL is not empty."
        raise ConflictError(message, hint="Restore into an empty one, or use --force.")


def _refuse_other_kind(manifest: Manifest, database: Database) -> None:
    here = "sqlite" if is_sqlite(database) else "postgresql"
    if manifest.database != here:
        message = f"The backup is of {manifest.database}; SKYWRIGHT_DATABASE_URL names {here}."
        raise InputError(message, hint="Set SKYWRIGHT_DATABASE_URL to one of the same kind.")


def _put_in_place(stage: Path, data_dir: Path, database: Database) -> str:
    """Move what is there aside and what was unpacked in; on an error everything goes back."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = data_dir / f"{_ASIDE}{now}"
    moved: list[tuple[Path, Path]] = []
    try:
        for old in _what_is_there(stage, data_dir, database):
            _move(old, aside / old.name, moved)
        for new, place in _what_comes(stage, data_dir, database):
            _move(new, place, moved)
        if (stage / POSTGRES).is_file():
            restore_postgres(database, stage / POSTGRES)
    except BaseException:
        for source, target in reversed(moved):
            shutil.move(target, source)
        if aside.is_dir():
            aside.rmdir()
        raise
    return str(aside) if aside.is_dir() else ""


def _what_is_there(stage: Path, data_dir: Path, database: Database) -> list[Path]:
    old = [data_dir / name for name in FOLDERS]
    old += [data_dir / name for name in KEY_FILES if (stage / "keys" / name).is_file()]
    files = [data_dir / name for name in SIDE_DATABASES]
    files += [sqlite_path(database)] if is_sqlite(database) else []
    for path in files:
        old += [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm")]
    return [path for path in old if path.exists()]


def _what_comes(stage: Path, data_dir: Path, database: Database) -> list[tuple[Path, Path]]:
    new = [(stage / "files" / name, data_dir / name) for name in (*FOLDERS, *SIDE_DATABASES)]
    new += [(stage / "keys" / name, data_dir / name) for name in KEY_FILES]
    if is_sqlite(database):
        new.append((stage / SQLITE, sqlite_path(database)))
    return [(path, place) for path, place in new if path.exists()]


def _move(source: Path, target: Path, moved: list[tuple[Path, Path]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
    moved.append((source, target))


def _missing(settings: Settings, manifest: Manifest, stage: Path) -> tuple[str, ...]:
    """Return the secrets in use there and known nowhere here."""
    elsewhere = {
        "master.key": settings.master_key.get_secret_value(),
        "pseudonym.salt": settings.pseudonym_salt.get_secret_value(),
    }
    places = (stage / "keys", settings.data_dir.expanduser())
    return tuple(
        name
        for name, setting in elsewhere.items()
        if name in manifest.secrets
        and not setting
        and not any((place / name).is_file() for place in places)
    )
