"""Use every kernel of the room once, so that it is compiled and cached."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl


def use_kernels() -> None:
    """Compile screening, collision probability, counting, planning and assessing."""
    from skywright.ssa.conjunction.conjunction import Conjunction
    from skywright.ssa.conjunction.monte_carlo import count_collisions
    from skywright.ssa.conjunction.probability import probability
    from skywright.ssa.coorbit.planner import Planner
    from skywright.ssa.coorbit.worlds import Setting, Worlds
    from skywright.ssa.screening.screen import screen
    from skywright.ssa.strategy.encounters import from_messages
    from skywright.ssa.strategy.propose import propose

    start = datetime(2024, 7, 6)  # noqa: DTZ001 - UTC
    screen(_two_sets(start), start, 0.2, 1.0)
    states = np.array([[7078.0, 0.1, 0.0, 0.0, 5.3, 5.3], [7078.0, 0.0, 0.1, 0.0, -5.3, 5.3]])
    covariance = np.diag([0.01, 0.1, 0.01, 1e-10, 1e-10, 1e-10])
    one = Conjunction("warm", start, states, np.stack([covariance] * 2), 10.0, "none", True)
    probability(one)
    count_collisions(one, samples=1000)
    propose(from_messages([one]), network=False)
    planner = Planner(Worlds(2, Setting("reacting"), 1))
    planner.act()
    assess_once()


def assess_once() -> None:
    """Assess one object beside another: relative motion, burns and all that the answer needs."""
    from skywright.ssa.threats.assess import Tracked, assess

    start = datetime(2024, 7, 6)  # noqa: DTZ001 - UTC
    days = [_two_sets(start + timedelta(days=day)) for day in range(12)]
    one, two = (Tracked(str(k), pl.concat([both[k : k + 1] for both in days])) for k in (0, 1))
    assess(one, [two], start + timedelta(days=12))


def _two_sets(start: datetime) -> pl.DataFrame:
    one = {
        "norad_id": 1,
        "epoch_utc": start - timedelta(hours=1),
        "mean_motion_rev_day": 14.3,
        "eccentricity": 0.001,
        "inclination_deg": 98.0,
        "raan_deg": 10.0,
        "argp_deg": 0.0,
        "mean_anomaly_deg": 0.0,
        "bstar": 0.0,
    }
    return pl.DataFrame([one, one | {"norad_id": 2, "raan_deg": 40.0}])
