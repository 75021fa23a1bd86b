"""Queries checked and names resolved: ``python bench/archives.py FOLDER``.

FOLDER is the assistant's reference data. Prints one JSON object: time to read a query beside the
parser of queryparser as it comes, which statements of the documentation are read, and time and
share of names that lead to their object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from skywright.settings import Settings
from skywright.sources import catalogues, gaia, openngc
from skywright.sources.adql import check
from skywright.sources.cones import Cone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(json.dumps({"adql": adql(folder), "names": names(folder)}))


def adql(folder: Path) -> dict[str, object]:
    from queryparser.adql import ADQLQueryTranslator

    lines = (folder / "adql" / "adql_examples.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [json.loads(line)["adql"] for line in lines]
    cone = gaia.cone_adql(Cone(250.4235, 36.4613, 5 / 60), Settings(), 2_000)
    listed = f"SELECT ra FROM t WHERE source_id IN ({', '.join(map(str, range(200)))})"
    first_s = _timed(check, queries[0])[1]
    ADQLQueryTranslator(queries[0])
    ours = [_timed(check, query) for query in queries]
    theirs = [_timed(ADQLQueryTranslator, query) for query in queries]
    return {
        "statements": len(queries),
        "read": sum(ok for ok, _ in ours),
        "read_by_queryparser": sum(ok for ok, _ in theirs),
        "first_ms": round(1e3 * first_s, 1),
        "median_ms": _median_ms(ours),
        "median_queryparser_ms": _median_ms(theirs),
        "slowest_ms": round(1e3 * max(s for _, s in ours), 1),
        "slowest_queryparser_ms": round(1e3 * max(s for _, s in theirs), 1),
        "cone_ms": _repeated_ms(check, cone),
        "cone_queryparser_ms": _repeated_ms(ADQLQueryTranslator, cone),
        "list_of_200_ms": _repeated_ms(check, listed),
        "list_of_200_queryparser_ms": _repeated_ms(ADQLQueryTranslator, listed),
    }


def names(folder: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as made:
        settings = Settings(catalogues_dir=Path(made) / "catalogues")
        files = sorted((folder / "catalogs").glob("openngc_*"))
        catalogues.add(files, settings)
        openngc._indexed.cache_clear()
        first_s = _timed(lambda name: openngc.resolve(name, settings), "M31")[1]
        table = openngc.objects(settings)
        asked = [(name, name) for name in table["name"].sample(1_000, seed=1)]
        others = table.filter(table["identifiers"].is_not_null()).sample(1_000, seed=1)
        asked += [(o.split(",")[0], n) for n, o in others.select("name", "identifiers").rows()]
        right, seconds = 0, []
        for name, entry in asked:
            begun = time.perf_counter()
            found = openngc.resolve(name, settings)
            seconds.append(time.perf_counter() - begun)
            right += entry in {found.catalogue_name, *found.also}
        return {
            "objects": table.height,
            "first_ms": round(1e3 * first_s, 1),
            "median_ms": round(1e3 * statistics.median(seconds), 2),
            "p95_ms": round(1e3 * statistics.quantiles(seconds, n=20)[-1], 2),
            "names": len(asked),
            "right": right,
        }


def _timed(call, argument: str) -> tuple[bool, float]:
    begun = time.perf_counter()
    try:
        call(argument)
    except Exception:  # the parser raises kinds of its own
        return False, time.perf_counter() - begun
    return True, time.perf_counter() - begun


def _median_ms(timed: list[tuple[bool, float]]) -> float:
    return round(1e3 * statistics.median(seconds for _, seconds in timed), 1)


def _repeated_ms(call, argument: str) -> float:
    return _median_ms([_timed(call, argument) for _ in range(9)])


if __name__ == "__main__":
    main()
