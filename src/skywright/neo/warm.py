"""Compile the kernels by using each of them once, and drop caches of older sources.

A compiled kernel is cached beside its source and checked against that one file; a change in a
kernel that it calls, in another file, would go unnoticed. So the caches carry a fingerprint of all
sources.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import polars as pl

import skywright.orbits

_FINGERPRINT = ".kernels"


def warm_up() -> str:
    """Compile and cache all kernels.

    Returns
    -------
    str
        A sentence that says how long it took.
    """
    start = time.perf_counter()
    dropped = drop_stale_caches()
    _use_everything()
    seconds = time.perf_counter() - start
    return f"kernels ready in {seconds:.1f} s" + (", compiled anew" if dropped else "")


def drop_stale_caches() -> bool:
    """Delete compiled kernels whose sources, or those of their callees, have changed.

    Returns
    -------
    bool
        Whether anything was out of date. A folder that cannot be written is left alone: an
        installed package never changes in place.
    """
    orbits = Path(skywright.orbits.__file__).parent
    digest = hashlib.sha256()
    for source in [*sorted(orbits.glob("*.py")), Path(__file__).with_name("coorbital.py")]:
        digest.update(source.read_bytes())
    mark = orbits / "__pycache__" / _FINGERPRINT
    fingerprint = digest.hexdigest()
    if mark.is_file() and mark.read_text(encoding="ascii") == fingerprint:
        return False
    try:
        mark.parent.mkdir(exist_ok=True)
        for folder in (orbits, Path(__file__).parent):
            for cached in (folder / "__pycache__").glob("*.nb[ic]"):
                cached.unlink(missing_ok=True)
        mark.write_text(fingerprint, encoding="ascii")
    except PermissionError:
        return False
    return True


def _use_everything() -> None:
    from skywright.neo.anomalies import add_anomalies
    from skywright.neo.approaches import list_approaches
    from skywright.neo.assess import add_assessment
    from skywright.neo.impacts import add_impacts
    from skywright.neo.moid import add_moid
    from skywright.neo.notable import notable_objects
    from skywright.neo.propagate import add_states

    table = notable_objects()
    add_moid(table)
    add_assessment(table.head(3))
    add_anomalies(table.filter(pl.col("designation").is_in(["2004 MN4", "2016 HO3"])))
    apophis = table.filter(pl.col("designation") == "2004 MN4")
    add_states(apophis.with_columns(target_jd_tdb=pl.col("epoch_jd_tdb") + 30.0))
    list_approaches(apophis, start="2029-04-01", stop="2029-04-20", within_au=0.1)
    add_impacts(apophis, years=0.1, clones=32, seed=1)
