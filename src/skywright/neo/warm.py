"""Compile the kernels by using each of them once."""

from __future__ import annotations

import time

import polars as pl

from skywright.orbits.kernel_caches import drop_stale_caches


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
