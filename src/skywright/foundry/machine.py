"""What this machine has: memory, accelerators, disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

GB = 1e9
"""Bytes of a gigabyte."""

_CGROUP = Path("/sys/fs/cgroup/memory.max")
_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine to train on."""

    memory_gb: float
    """Main memory [GB]; that of the container if it is less."""
    cores: int
    """Cores that this process may use."""
    gpus: int = 0
    """Accelerators."""
    gpu_gb: float = 0.0
    """Memory of the smallest accelerator [GB]."""
    disk_gb: float = float("inf")
    """Free space where runs are kept [GB]."""


def this_machine(folder: Path) -> Machine:
    """Look at this machine.

    Parameters
    ----------
    folder : pathlib.Path
        Where runs are kept; its disk counts.
    """
    found = _accelerators_gb()
    return Machine(
        memory_gb=_memory_bytes() / GB,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _all_cores(),
        gpus=len(found),
        gpu_gb=min(found, default=0.0),
        disk_gb=shutil.disk_usage(_there(folder)).free / GB,
    )


def _all_cores() -> int:
    return os.cpu_count() or 1


def _memory_bytes() -> float:
    whole = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    try:
        told = _CGROUP.read_text(encoding="ascii").strip()
    except OSError:
        return whole
    return min(whole, float(told)) if told.isdigit() else whole


def _accelerators_gb() -> list[float]:
    """Return the memory of each accelerator [GB], as the driver's own program tells it."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    asked = [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(  # noqa: S603  (the driver's program, without input)
            asked, capture_output=True, text=True, timeout=_WAIT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [float(line) * 1024**2 / GB for line in done.stdout.split() if line.isdigit()]


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    folder = folder.expanduser().absolute()
    return next(path for path in (folder, *folder.parents) if path.is_dir())
