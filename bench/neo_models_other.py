"""Albedo intervals, taxonomy given the albedo, and the hazard network beside the rule."""

import argparse
import tempfile
from pathlib import Path

from skywright.foundry.kind import kind_named
from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    albedo, taxonomy, network = (
        measured(name, data) for name in ("neo-albedo", "neo-taxonomy", "neo-pha-network")
    )
    print(
        f"\nalbedo interval, 68 % promised, {albedo['rows']} objects, sd {albedo['sd_dex']:.3f} dex"
    )
    for name in ("boosting", "constant"):
        print(
            f"{name:10s} coverage {albedo[name + '_coverage']:.1%}  "
            f"width {albedo[name + '_width_dex']:.3f} dex  "
            f"interval score {albedo[name + '_interval_score']:.3f}"
        )
    print(
        f"\ntaxonomy, {taxonomy['rows']} objects: AUC from albedo {taxonomy['auc']:.3f}, from the "
        f"orbit alone {taxonomy['orbit_only_auc']:.3f}; accuracy {taxonomy['accuracy']:.1%}, "
        f"majority {taxonomy['majority_accuracy']:.1%}"
    )
    print(
        f"\nhazard network: accuracy {network['accuracy']:.2%}, the rule "
        f"{network['rule_accuracy']:.2%}, majority {network['majority_accuracy']:.2%}; "
        f"minus rule: t = {network['minus_rule_t']:.1f}, p = {network['minus_rule_p']:.1g}; "
        f"AUC {network['auc']:.4f}, AP {network['average_precision']:.3f}; "
        f"class {network['class_accuracy']:.2%}"
    )


def measured(name: str, data: Path) -> dict:
    recipe = load_recipe(name)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        out.mkdir()
        run = Run(recipe, data, out, recipe.seed, Path(folder) / "log.jsonl")
        return kind_named(recipe.kind).fit(run)


if __name__ == "__main__":
    main()
