"""How real the simulator is: ``python bench/ssa_simulator.py --data FOLDER``.

Three checks against the developers' real satellites, printed as one JSON object: quantiles of the
residuals of quiet element sets by regime, recall of the floor detector by size of burn, and the
AUC of boosted trees told to separate quiet windows of real and simulated sets (0.5 is the aim;
folds leave whole objects out). With ``--scenarios FOLDER`` also what trees tell of the behaviour
from the cadence of both objects alone, which must be next to nothing.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.detection.floor import THRESHOLDS, floor_times
from skywright.ssa.detection.residuals import AXES, residuals
from skywright.ssa.element_sets import epochs_jd
from skywright.ssa.simulation.scenarios import Scenario, read_scenarios, simulate_shared

F64 = npt.NDArray[np.float64]

CALM = {"leo": ["passive", "low_keeping", "plane_neighbour"],
        "geo": ["geo_keeping_chemical", "geo_keeping_electric", "colocated_chemical"]}  # fmt: skip
MOVING = {"leo": ["low_keeping", "raising", "disposal", "phasing"], "geo": ["geo_keeping_chemical"]}
PASSIVE = ("passive", "quiet", "passive_no_propulsion")
BINS_M_S = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 100.0)
WITHIN_D = {"leo": 1.0, "geo": 2.0}
WINDOW = 24
COLUMNS = [f"{axis}_{place}_km" for place in (1, 2, 4) for axis in AXES] + ["axis_change_km"]


def main() -> None:
    """Check and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    parser.add_argument("--n", type=int, default=240, help="scenarios of each check and regime")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--scenarios", type=Path, help="folder of skywright ssa simulate")
    told = parser.parse_args()
    out: dict[str, object] = {"scenarios_each": told.n, "seed": told.seed}
    real = real_objects(told.data)
    started = time.perf_counter()
    for regime in ("leo", "geo"):
        calm, moving = (
            simulate_shared(
                told.n, seed=told.seed + k, processes=told.processes, regimes=[regime],
                policies=kind[regime],
            )
            for k, kind in enumerate((CALM, MOVING))
        )  # fmt: skip
        own = [one for one in real if one[2] == regime]
        made = [one for scenario in calm for one in quiet_objects(scenario) if alike(one)]
        out[regime] = {
            "real_objects": len(own),
            "simulated_objects": len(made),
            "residual_quantiles": quantile_table(own, made),
            "real_or_simulated_auc": separated(own, made),
            "floor_recall_by_size": recall_table(real_recall(own, told.data), simulated(moving)),
        }
    if told.scenarios:
        out["cadence_only"] = cadence_only(read_scenarios(told.scenarios))
    out["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(out, indent=1))


Object = tuple[pl.DataFrame, pl.Series, str, str]
"""History, times of burns, regime, name."""


def real_objects(data: Path) -> list[Object]:
    """Return the developers' satellites and the passive objects of the cases."""
    out: list[Object] = []
    events = pl.read_parquet(data / "manoeuvres/manoeuvres.parquet")
    table = pl.read_parquet(data / "manoeuvres/tle_history.parquet")
    for (name,), part in table.group_by("satellite", maintain_order=True):
        times = events.filter(pl.col("satellite") == name)["start_utc"]
        out.append((cleaned(part), times, regime_of(part), str(name)))
    labels = pl.read_csv(data / "cases/case_labels.csv").filter(pl.col("label").is_in(PASSIVE))
    cases = pl.read_parquet(data / "cases/gp_history_cases.parquet")
    for number in labels["norad_id"].to_list():
        part = cases.filter(pl.col("norad_id") == number)
        nothing = pl.Series([], dtype=pl.Datetime("us"))
        out.append((cleaned(part), nothing, regime_of(part), str(number)))
    return out


def cleaned(part: pl.DataFrame) -> pl.DataFrame:
    part = part.with_columns(pl.col("epoch_utc").dt.cast_time_unit("us")).sort("epoch_utc")
    return part.unique("epoch_utc", keep="last", maintain_order=True)


def regime_of(part: pl.DataFrame) -> str:
    return "geo" if float(part["mean_motion_rev_day"].median() or 0.0) < 2.0 else "leo"


def quiet_objects(scenario: Scenario) -> list[Object]:
    """Return both histories of a scenario with the times of their burns."""
    out: list[Object] = []
    for role, table in (("asset", scenario.asset), ("other", scenario.other)):
        times = scenario.burns.filter(pl.col("role") == role)["start_utc"]
        name = f"{scenario.scenario_id}-{role}"
        out.append((table, times, scenario.regime, name))
    return out


def alike(one: Object) -> bool:
    """Whether an object flies where the real ones do: above 640 km, or tilted 0.4 to 3 deg."""
    motion = float(one[0]["mean_motion_rev_day"].median() or 0.0)
    tilt = float(one[0]["inclination_deg"].median() or 0.0)
    return 12.6 < motion < 14.8 if one[2] == "leo" else 0.4 < tilt < 3.0


def quiet_residuals(one: Object) -> pl.DataFrame:
    """Residuals of sets that no burn touches: none in the four days before, or a day after."""
    told = residuals(one[0])
    keep = np.ones(told.height, dtype=np.bool_)
    epoch = told["epoch_utc"].to_numpy()
    for burn in one[1].to_numpy().astype("datetime64[us]"):
        low = burn - np.timedelta64(timedelta(days=1))
        keep &= ~((epoch > low) & (epoch < burn + np.timedelta64(timedelta(days=7))))
    return told.with_columns(quiet=pl.Series(keep))


def quantile_table(real: list[Object], made: list[Object]) -> dict[str, dict[str, list[float]]]:
    """Quantiles of absolute residuals; every object counts alike, so that none dominates."""
    out: dict[str, dict[str, list[float]]] = {}
    for column in COLUMNS[:6] + COLUMNS[-1:]:
        out[column] = {
            name: np.round(pooled_quantiles(objects, column, weigh), 4).tolist()
            for name, objects, weigh in (
                ("real", real, [1.0] * len(real)),
                ("simulated", made, balanced(made, real)),
            )
        }
    out["at"] = {"share": [0.25, 0.5, 0.75, 0.9, 0.97]}
    return out


def is_high(one: Object) -> bool:
    """Above 1,100 km, where air no longer counts; both sides get the real ones' share of it."""
    return float(one[0]["mean_motion_rev_day"].median() or 0.0) < 13.45


def balanced(made: list[Object], real: list[Object]) -> list[float]:
    """Weights of simulated objects that give high orbits the share they have among the real."""
    high = [is_high(one) for one in made]
    wanted, found = float(np.mean([is_high(one) for one in real])), float(np.mean(high))
    if found in (0.0, 1.0):
        return [1.0] * len(made)
    return [wanted / found if one else (1.0 - wanted) / (1.0 - found) for one in high]


def pooled_quantiles(objects: list[Object], column: str, weigh: list[float]) -> F64:
    values, weights = [], []
    for one, weight in zip(objects, weigh, strict=True):
        told = quiet_residuals(one).filter(pl.col("quiet"))[column].drop_nulls().abs().to_numpy()
        if len(told) >= 5:
            values.append(told)
            weights.append(np.full(len(told), weight / len(told)))
    x, w = np.concatenate(values), np.concatenate(weights)
    order = np.argsort(x)
    share = np.cumsum(w[order]) / w.sum()
    return np.interp([0.25, 0.5, 0.75, 0.9, 0.97], share, x[order])


def windows(objects: list[Object]) -> tuple[F64, list[str]]:
    """Features of quiet windows: size, tails and memory of residuals; no orbit, no cadence."""
    rows, groups = [], []
    for one in objects:
        told = quiet_residuals(one)
        x = told.select(COLUMNS).to_numpy()
        good = told["quiet"].to_numpy() & np.isfinite(x).all(axis=1)
        some = x[good]
        for k in range(0, len(some) - WINDOW + 1, WINDOW):
            rows.append(features(some[k : k + WINDOW]))
            groups.append(one[3])
            if len(groups) > 20 and groups[-20] == one[3]:
                break
    return np.array(rows), groups


def features(x: F64) -> F64:
    middle = np.median(x, axis=0)
    size = np.median(np.abs(x - middle), axis=0) + 1e-6
    tail = np.abs(x - middle).max(axis=0) / size
    memory = [np.corrcoef(x[:-1, c], x[1:, c])[0, 1] for c in range(x.shape[1])]
    return np.concatenate([np.log(size), np.log(tail), middle / size, np.nan_to_num(memory)])


def separated(real: list[Object], made: list[Object]) -> dict[str, float]:
    """AUC of boosted trees on quiet windows, folds by object; each object of equal weight."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold

    (a, real_groups), (b, made_groups) = windows(real), windows(made)
    x, y = np.concatenate([a, b]), np.repeat([1, 0], [len(a), len(b)])
    groups = np.array(real_groups + made_groups)
    _, code, count = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1.0 / count[code]
    shares = dict(zip((one[3] for one in made), balanced(made, real), strict=True))
    weight *= np.array([shares.get(name, 1.0) for name in groups])
    weight[y == 1] *= weight[y == 0].sum() / weight[y == 1].sum()
    score = np.zeros(len(y))
    folds = StratifiedGroupKFold(3, shuffle=True, random_state=1)
    for train, test in folds.split(x, y, groups):
        model = HistGradientBoostingClassifier(max_iter=60, max_depth=3, random_state=1)
        model.fit(x[train], y[train], sample_weight=weight[train])
        score[test] = model.predict_proba(x[test])[:, 1]
    auc = roc_auc_score(y, score, sample_weight=weight)
    return {"auc": round(float(auc), 3), "real_windows": len(a), "simulated_windows": len(b)}


def real_recall(own: list[Object], data: Path) -> list[tuple[float, bool]]:
    """Size along the track and whether the floor found it, manoeuvre by manoeuvre."""
    events = pl.read_parquet(data / "manoeuvres/manoeuvres.parquet").drop_nulls("dv_intrack_m_s")
    out = []
    for table, _, regime, name in own:
        mine = events.filter(pl.col("satellite") == name).sort("start_utc")
        first, last = table["epoch_utc"].min(), table["epoch_utc"].max()
        mine = mine.filter(pl.col("start_utc").is_between(first, last))
        if mine.height:
            out += matched(table, mine, regime)
    return out


def simulated(scenarios: list[Scenario]) -> list[tuple[float, bool]]:
    out = []
    for one in scenarios:
        for role, table in (("asset", one.asset), ("other", one.other)):
            latest = table["epoch_utc"].max() - timedelta(days=3)
            first = table["epoch_utc"].min() + timedelta(days=3)
            burns = one.burns.filter(
                (pl.col("role") == role) & pl.col("start_utc").is_between(first, latest)
            )
            if burns.height:
                out += matched(table, burns.sort("start_utc"), one.regime)
    return out


def matched(table: pl.DataFrame, burns: pl.DataFrame, regime: str) -> list[tuple[float, bool]]:
    """Merge burns within a day, match each to the nearest free alarm."""
    days = np.add(*epochs_jd(burns, "start_utc"))
    size = np.abs(burns["dv_intrack_m_s"].fill_nan(0.0).to_numpy())
    starts = np.flatnonzero(np.diff(days, prepend=-1e9) > 1.0)
    events = [
        (days[k], size[k:end].sum())
        for k, end in zip(starts, [*starts[1:], len(days)], strict=True)
    ]
    alarms = list(floor_times(table, THRESHOLDS[regime]))
    out = []
    for when, dv in events:
        near = [k for k, at in enumerate(alarms) if abs(at - when) <= WITHIN_D[regime]]
        if near:
            alarms.pop(min(near, key=lambda k: abs(alarms[k] - when)))
        out.append((float(dv), bool(near)))
    return out


def recall_table(
    real: list[tuple[float, bool]], made: list[tuple[float, bool]]
) -> list[dict[str, object]]:
    out = []
    for low, high in pairwise(BINS_M_S):
        row: dict[str, object] = {"from_m_s": low, "to_m_s": high}
        for name, rows in (("real", real), ("simulated", made)):
            found = [hit for dv, hit in rows if low <= dv < high]
            row[name] = [round(float(np.mean(found)), 3) if found else None, len(found)]
        out.append(row)
    return out


def cadence_only(scenarios: list[Scenario]) -> dict[str, float]:
    """Macro-F1 of trees on counts, intervals, ages and latencies; whole asset orbits held out."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import f1_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    x = np.array([cadence(one.other, one) + cadence(one.asset, one) for one in scenarios])
    y = np.array([int(one.behaviour) for one in scenarios])
    groups = [one.asset_orbit for one in scenarios]
    model = HistGradientBoostingClassifier(max_iter=80, max_depth=3, random_state=1)
    guess = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(5))
    score = float(f1_score(y, guess, average="macro"))
    return {"scenarios": len(y), "macro_f1": round(score, 3), "chance": round(1.0 / 6.0, 3)}


def cadence(table: pl.DataFrame, one: Scenario) -> list[float]:
    age = (one.at_utc - table["epoch_utc"]).dt.total_seconds().to_numpy() / 86400.0
    steps = -np.diff(age)[-30:]
    late = (table["received_utc"] - table["epoch_utc"]).dt.total_hours().mean()
    told = [(age < 30.0).sum(), np.median(steps), np.quantile(steps, 0.9), steps.std(), age[-1]]
    return [float(value) for value in [*told, late]]


if __name__ == "__main__":
    main()
