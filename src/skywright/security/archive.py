"""The format of a backup: a tar file whose last members say what the others are.

``files/...`` are folders of the data folder and the SQLite files beside the database,
``database.sqlite`` or ``database.dump`` is the database, ``keys/...`` are secrets if they were
asked for. ``manifest.json`` holds the size and the SHA-256 of each, ``manifest.sig`` the signature
of the installation that made it. The manifest comes last, so an archive that was cut off has none.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from skywright.errors import SkywrightError

FOLDERS = ("blobs", "conversations", "models", "neo", "trusted-keys", "vault")
"""Folders of the data folder that a backup holds; others can be made again."""

SIDE_DATABASES = ("conversations.db", "knowledge.db")
"""SQLite files in the data folder beside the database, whatever that is."""

KEY_FILES = ("master.key", "pseudonym.salt", "signing.key")
"""Secrets, which a backup holds only if asked to."""

SQLITE = "database.sqlite"
POSTGRES = "database.dump"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
_FORMAT = 1
_CHUNK = 1 << 20
_LARGEST_MANIFEST = 1 << 30


class BackupError(SkywrightError):
    """An archive is damaged, was changed, or is not one of ours."""

    exit_code = 3
    code = "backup"


@dataclass(slots=True)
class Manifest:
    """What an archive holds."""

    made_at: str
    """Time [UTC, ISO 8601]."""
    version: str
    """Version of skywright that made it."""
    database: str
    """sqlite or postgresql."""
    revision: str
    """Migration that the database is at."""
    rows: dict[str, int]
    """Rows by table."""
    keys: bool
    """Whether secrets are inside."""
    secrets: list[str]
    """Names of the secrets that were in use, inside or not."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Size and SHA-256 by name of member."""

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, sort_keys=True)
        return text.encode() + b"\n"

    @classmethod
    def of(cls, content: bytes) -> Manifest:
        """Read it from JSON.

        Raises
        ------
        BackupError
            If it is none, or of a newer format.
        """
        try:
            values = json.loads(content)
            number = values.pop("format")
            manifest = cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            message = f"The archive's {MANIFEST} cannot be read: {error}."
            raise BackupError(message, hint=_HINT) from error
        if number != _FORMAT:
            message = f"The archive has format {number}; this version reads format {_FORMAT}."
            raise BackupError(
                message, hint="Restore it with the version of skywright that made it."
            )
        return manifest


class Writer:
    """Adds members to an archive, noting what they are."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is now."""
        with path.open("rb") as source:
            size = path.stat().st_size
            counted = _Counted(source)
            self._tar.addfile(_member(name, size), counted)
        self.manifest.files[name] = {"bytes": size, "sha256": counted.sha256.hexdigest()}

    def add_bytes(self, name: str, content: bytes, *, listed: bool = True) -> None:
        """Add some bytes; the manifest cannot list itself."""
        self._tar.addfile(_member(name, len(content)), io.BytesIO(content))
        if listed:
            sha = hashlib.sha256(content).hexdigest()
            self.manifest.files[name] = {"bytes": len(content), "sha256": sha}


def unpack(archive: Path, stage: Path) -> tuple[Manifest, bytes, str]:
    """Write all members below an empty folder, checked against the manifest.

    Parameters
    ----------
    archive : Path
        The tar file.
    stage : Path
        The folder; what is in it after an error is the caller's to delete.

    Returns
    -------
    manifest, its bytes, its signature

    Raises
    ------
    BackupError
        If the archive is cut off, was changed, holds what is not in its manifest, or a name that
        leads elsewhere.
    """
    found: dict[str, dict[str, Any]] = {}
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                _refuse_name(member, found)
                found[member.name] = _write(tar, member, stage)
    except FileNotFoundError as error:
        message = f"There is no file {archive}."
        raise BackupError(message) from error
    except OSError as error:
        message = f"{archive} could not be unpacked into {stage}: {error.strerror or error}."
        raise BackupError(message, hint="Make room, or set TMPDIR to a larger disk.") from error
    except (tarfile.TarError, EOFError) as error:
        message = f"{archive} is not a tar file, or was cut off: {error}."
        raise BackupError(message, hint=_HINT) from error
    return _checked(archive, stage, found)


def _checked(
    archive: Path, stage: Path, found: dict[str, dict[str, Any]]
) -> tuple[Manifest, bytes, str]:
    if MANIFEST not in found:
        message = f"{archive} has no {MANIFEST}: it was cut off, or is no backup of skywright."
        raise BackupError(message, hint=_HINT)
    content = (stage / MANIFEST).read_bytes()
    manifest = Manifest.of(content)
    path = stage / SIGNATURE
    signature = path.read_text(encoding="ascii", errors="replace") if path.is_file() else ""
    given = {name: told for name, told in found.items() if name not in (MANIFEST, SIGNATURE)}
    for name in sorted(given.keys() | manifest.files.keys()):
        if name not in given:
            message = f"{archive} lacks {name}, which its manifest lists."
        elif name not in manifest.files:
            message = f"{archive} holds {name}, which its manifest does not list."
        elif given[name] != manifest.files[name]:
            message = f"{name} in {archive} is not what its manifest says: it was changed."
        else:
            continue
        raise BackupError(message, hint=_HINT)
    return manifest, content, signature


def _refuse_name(member: tarfile.TarInfo, found: dict[str, dict[str, Any]]) -> None:
    """Refuse all but plain files under the names that we write."""
    name = PurePosixPath(member.name)
    parts = name.parts
    plain = str(name) == member.name and not any(
        part in ("..", "/") or "\\" in part or "\0" in part for part in parts
    )
    expected = member.name in (SQLITE, POSTGRES, MANIFEST, SIGNATURE) or (
        (len(parts) > 2 and parts[0] == "files" and parts[1] in FOLDERS)
        or (len(parts) == 2 and parts[0] == "files" and parts[1] in SIDE_DATABASES)
        or (len(parts) == 2 and parts[0] == "keys" and parts[1] in KEY_FILES)
    )
    whole = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
    if not (plain and expected and whole) or member.name in found:
        message = f"The archive holds {member.name!r}, which no backup of skywright does."
        raise BackupError(message, hint="Do not trust it; nothing was restored.")


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, stage: Path) -> dict[str, Any]:
    source = tar.extractfile(member)
    if source is None or (member.name == MANIFEST and member.size > _LARGEST_MANIFEST):
        message = f"{member.name} in the archive cannot be read."
        raise BackupError(message, hint=_HINT)
    target = stage / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    sha256, size = hashlib.sha256(), 0
    with target.open("xb") as out:
        target.chmod(0o600)
        while chunk := source.read(_CHUNK):
            out.write(chunk)
            sha256.update(chunk)
            size += len(chunk)
    return {"bytes": size, "sha256": sha256.hexdigest()}


_HINT = "Nothing was changed; take another copy of the backup."


class _Counted(io.RawIOBase):
    """Passes reads on and hashes what comes by."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self.sha256.update(content)
        return content


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    return member


def plain_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in order; no links, and nothing half written."""
    for path in sorted(folder.rglob("*")):
        names = path.relative_to(folder).parts
        hidden = (
            any(part.startswith((".", "partial-")) for part in names) or path.suffix == ".partial"
        )
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path


def links(folder: Path) -> Iterator[Path]:
    """Yield the links below a folder: a backup holds none, and says so."""
    return (path for path in sorted(folder.rglob("*")) if path.is_symlink())
