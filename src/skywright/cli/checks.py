"""What a machine must have, looked at one by one; nothing is made or changed by looking."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import skywright
from skywright.settings import Settings

_LEAST_PYTHON = (3, 11)
_LITTLE_MEMORY_GB = 2.0
_LITTLE_DISK_GB = 5.0
_NO_DISK_GB = 0.2
_FOR_DEVELOPERS = ("dev", "docs")
_EXTRA = re.compile(r"""^([A-Za-z0-9._-]+).*extra == ['"]([A-Za-z0-9_-]+)['"]""")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    """What was looked at."""
    state: str
    """good, note (works, with less) or bad (mend it)."""
    told: str
    """What was found."""
    fix: str = ""
    """A command or a sentence that mends it."""


def check_python() -> Check:
    """Tell which Python runs."""
    told = f"{platform.python_version()} on {platform.platform(terse=True)}"
    good = sys.version_info >= _LEAST_PYTHON
    return Check("python", "good" if good else "bad", told, "" if good else "Use 3.11 or newer.")


def check_extras() -> Iterator[Check]:
    """Tell which optional parts are installed, without importing them."""
    for extra, packages in sorted(_extras().items()):
        missing = [name for name in packages if not _is_installed(name)]
        if missing:
            told = f"not installed (lacks {', '.join(missing)})"
            yield Check(f"extra {extra}", "note", told, f"pip install 'skywright[{extra}]'")
        else:
            yield Check(f"extra {extra}", "good", "installed")


def check_machine() -> Iterator[Check]:
    """Tell cores, memory and accelerators."""
    yield Check("cores", "good", str(len(os.sched_getaffinity(0))))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    state = "note" if memory < _LITTLE_MEMORY_GB else "good"
    fix = "Training wants more." if state == "note" else ""
    yield Check("memory", state, f"{memory:.1f} GB", fix)
    yield Check("gpu", "good", _gpus() or "none seen; models train on the processor")


def check_disk(settings: Settings) -> Iterator[Check]:
    """Tell whether the data folder can be written to, and how much fits."""
    folder = settings.data_dir.expanduser().absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    there = "" if place == folder else ", which is made on first use"
    if _is_writable(place):
        yield Check("data folder", "good", f"{folder}{there}")
    else:
        fix = "Give this user the folder, or set SKYWRIGHT_DATA_DIR."
        yield Check("data folder", "bad", f"{place} cannot be written to", fix)
    free = shutil.disk_usage(place).free / 1e9
    state = "good" if free > _LITTLE_DISK_GB else "note" if free > _NO_DISK_GB else "bad"
    yield Check("disk", state, f"{free:.1f} GB free", "" if state == "good" else "Make room.")


def check_clock(newest: str) -> Check:
    """Tell whether the clock can be right.

    Parameters
    ----------
    newest : str
        Time of the newest row of the audit trail [UTC, ISO 8601], or empty.
    """
    now = datetime.now(UTC)
    installed = Path(skywright.__file__).stat().st_mtime
    fix = "Set the clock: expiry of keys and order of jobs hang on it."
    if newest and now.isoformat(timespec="milliseconds") < newest:
        return Check("clock", "bad", f"{now:%F %T} UTC is before the last write, {newest}", fix)
    if time.time() < installed - 86_400:
        return Check("clock", "bad", f"{now:%F %T} UTC is before this program was installed", fix)
    return Check("clock", "good", f"{now:%F %T} UTC")


def _extras() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in metadata.requires("skywright") or ():
        match = _EXTRA.match(line)
        if match and match[2] not in _FOR_DEVELOPERS:
            found.setdefault(match[2], []).append(match[1])
    return found


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _is_writable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _gpus() -> str:
    """Ask the driver: importing torch for this takes seconds."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(  # noqa: S603  (a fixed command)
            command, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return "; ".join(line.strip() for line in done.stdout.splitlines() if line.strip())
