"""What the models know that a definition does not: triage, hazard under uncertainty, sizes.

.venv/bin/python bench/neo.py --only models
"""

import argparse
import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.neo.assess import add_assessment
from skywright.neo.sizes import sizes
from skywright.neo.triage_training import fit
from skywright.sources.files import read_objects


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    data = parser.parse_args().data
    if data is None:
        print("needs the reference data (--data)")
        return
    triage(data)
    hazard(data)
    diameters(data)
    if importlib.util.find_spec("neo_models_other"):
        importlib.import_module("neo_models_other").main()


def triage(data: Path) -> None:
    recipe = load_recipe("neo-triage")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        out.mkdir()
        m = fit(Run(recipe, data, out, recipe.seed, Path(folder) / "log.jsonl"))
    print(
        f"Sentry triage, orbits of 2019 -> list of 2022-12, {m['rows']} objects, "
        f"{m['base_rate']:.1%} listed, five folds"
    )
    print(f"{'model':28s} {'AUC':>7s} {'AP':>7s} {'Brier':>8s} {'slope':>7s}")
    for name, key in (
        ("boosting, orbit and quality", ""),
        ("boosting, bare elements", "bare_"),
        ("logistic regression", "logistic_"),
        ("MOID alone", "moid_alone_"),
    ):
        print(
            f"{name:28s} {m[key + 'auc']:7.4f} {m[key + 'average_precision']:7.4f} "
            f"{m[key + 'brier']:8.5f} {m[key + 'calibration_slope']:7.3f}"
        )
    print(f"{'first, a third blanked':28s} {'':7s} {m['gaps_average_precision']:7.4f}")
    print(f"{'constant':28s} {0.5:7.4f} {m['base_rate']:7.4f} {m['constant_brier']:8.5f}")
    print(
        f"AP of the first, 95 % over objects: {m['average_precision_low']:.3f} to "
        f"{m['average_precision_high']:.3f}; ONNX differs by {m['onnx_agreement']:.1e}"
    )


def hazard(data: Path) -> None:
    now = pl.read_parquet(data / "catalogue/neo_catalogue_202410.parquet")
    print("\nP(PHA) against the flag of October 2024")
    print(f"{'orbits of':24s} {'objects':>8s} {'flips':>6s} {'Brier':>8s} {'flag stays':>11s}")
    for name, file in (("2019 (MPC)", "mpc_nea_2019"), ("2020 (JPL)", "sbdb_neo_full_2020")):
        then = read_objects(data / f"catalogue/{file}.parquet").drop("pha", strict=False)
        both = add_assessment(then.unique("designation"))
        both = both.join(now.select("designation", "pha"), on="designation")
        both = both.filter(pl.col("p_pha").is_not_null(), pl.col("pha").is_not_null())
        truth = both["pha"].cast(pl.Float64).to_numpy()
        flag = both["is_pha"].cast(pl.Float64).to_numpy()
        brier = np.mean((both["p_pha"].to_numpy() - truth) ** 2)
        print(
            f"{name:24s} {len(truth):8d} {int(np.sum(flag != truth)):6d} {brier:8.5f} "
            f"{np.mean((flag - truth) ** 2):11.5f}"
        )
    table = add_assessment(now).filter(pl.col("pha").is_not_null(), pl.col("is_pha").is_not_null())
    agree, majority = (table["pha"] == table["is_pha"]).mean(), 1 - table["pha"].mean()
    print(
        f"the rule against JPL's flag of the same table: {agree:.4%} of {table.height}; "
        f"majority {majority:.4%}"
    )


def diameters(data: Path) -> None:
    table = pl.read_parquet(data / "catalogue/neo_catalogue_202410.parquet")
    table = table.filter(pl.col("diameter_km").is_not_null(), pl.col("h_mag").is_not_null())
    unknown = np.full(table.height, np.nan)
    found = sizes(table["h_mag"].to_numpy(), unknown, unknown).diameter_km
    measured = table["diameter_km"].to_numpy()
    inside = np.mean((measured > found[:, 0]) & (measured < found[:, 2]))
    print(
        f"\ndiameter from H alone: {inside:.1%} of {table.height} measured ones lie in the 16-84 % "
        f"interval (68 % promised), median ratio {np.median(measured / found[:, 1]):.3f}"
    )


if __name__ == "__main__":
    main()
