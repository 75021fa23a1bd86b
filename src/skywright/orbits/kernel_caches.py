"""Compiled kernels of older sources are dropped.

A compiled kernel is cached beside its source and checked against that one file; a change in a
kernel that it calls, in another file, would go unnoticed. So the caches carry a fingerprint of all
sources.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import skywright.orbits

_FINGERPRINT = ".kernels"
_COMPILES = b"orbits._jit import"


def drop_stale_caches() -> bool:
    """Delete compiled kernels whose sources, or those of their callees, have changed.

    Returns
    -------
    bool
        Whether anything was out of date. A folder that cannot be written is left alone: an
        installed package never changes in place.
    """
    orbits = Path(skywright.orbits.__file__).parent
    package = orbits.parent
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        content = source.read_bytes()
        if source.parent == orbits or _COMPILES in content:
            digest.update(content)
    mark = orbits / "__pycache__" / _FINGERPRINT
    fingerprint = digest.hexdigest()
    if mark.is_file() and mark.read_text(encoding="ascii") == fingerprint:
        return False
    try:
        mark.parent.mkdir(exist_ok=True)
        for cached in package.rglob("__pycache__/*.nb[ic]"):
            cached.unlink(missing_ok=True)
        mark.write_text(fingerprint, encoding="ascii")
    except PermissionError:
        return False
    return True
