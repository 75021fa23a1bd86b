"""A model is a hashed folder, a name is an alias.

``<root>/<name>/<version>/`` holds a model and its ``manifest.json``; ``<root>/<name>/champion``
holds the version in use. Where nothing was trained here, the model that ships with the package is
in use.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from skywright.errors import NotFoundError

MANIFEST = "manifest.json"
_ALIAS = "champion"
_ALIAS_VERSION_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Registry:
    """Versions and aliases below one folder."""

    root: Path
    """Usually ``models`` in the data folder; made when first written to."""

    def add(self, name: str, folder: Path, facts: dict[str, Any]) -> str:
        """Store a finished folder as a version; returns the version, a hash of its files.

        The same files give the same version, so a repeated run adds nothing.
        """
        hashes = hashes_of(folder)
        version = _digest(json.dumps(hashes, sort_keys=True).encode())[:_ALIAS_VERSION_LENGTH]
        place = self.root / name / version
        if not place.exists():
            manifest = {"name": name, "version": version, "files": hashes, **facts}
            text = json.dumps(manifest, indent=1, default=str) + "\n"
            (folder / MANIFEST).write_text(text, encoding="utf-8")
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = place.with_name(f".{version}.{os.getpid()}")
            shutil.copytree(folder, partial)
            _moved_or_there(partial, place)
        return version

    def promote(self, name: str, version: str) -> None:
        """Make a version the one in use; readers see the old or the new, never neither.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        if not (self.root / name / version / MANIFEST).is_file():
            message = f"Model {name} has no version {version}; it has {self.versions(name)}."
            raise NotFoundError(message)
        alias = self.root / name / _ALIAS
        partial = alias.with_name(f".{_ALIAS}.{os.getpid()}")
        partial.write_text(version + "\n", encoding="ascii")
        partial.replace(alias)

    def versions(self, name: str) -> list[str]:
        """Return the versions stored here, in order of their making."""
        found = [path.parent for path in (self.root / name).glob(f"*/{MANIFEST}")]
        return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]

    def champion(self, name: str) -> Path:
        """Return the folder of the model in use.

        Raises
        ------
        NotFoundError
            If it was neither trained here nor ships with the package.
        """
        alias = self.root / name / _ALIAS
        if alias.is_file():
            return self.root / name / alias.read_text(encoding="ascii").strip()
        shipped = packaged(name)
        if shipped is None:
            message = f"There is no model {name!r}: it does not ship, and none was trained here."
            raise NotFoundError(message, hint=f"Train one: skywright train {name} --data FOLDER")
        return shipped

    def facts(self, name: str) -> dict[str, Any] | None:
        """Return the metrics of the model in use; None if there is no model."""
        try:
            folder = self.champion(name)
        except NotFoundError:
            return None
        for file in (MANIFEST, "card.json"):
            if (folder / file).is_file():
                return dict(json.loads((folder / file).read_text(encoding="utf-8")))
        return None


def _moved_or_there(partial: Path, place: Path) -> None:
    """Rename, unless another run of the same files was first."""
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
        if path.is_file() and path.name != MANIFEST
    }


def hash_of(path: Path) -> str:
    """Return the SHA-256 of one file."""
    return _digest(path.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
