"""How long a "what if" takes, level by level, in one warm process.

.venv/bin/python bench/neo_what_if.py
"""

import statistics
import time

from skywright.neo.simulate import SimulateRequest, simulate

CASES = {
    "nominal orbit, 5 yr": {"object": "Toutatis", "years": 5},
    "linear level, 5 yr": {"object": "Apophis", "years": 5},
    "linear level with a delta-v": {
        "object": "Apophis",
        "years": 5,
        "delta_v": [0, 0.05, 0],
        "at": "2027-01-01",
    },
    "line of variations, 5 yr": {"object": "Apophis", "years": 5, "levels": ["linear", "lov"]},
    "1,000 clones, 5 yr": {"object": "Apophis", "years": 5, "clones": 1000},
}


def main() -> None:
    simulate(SimulateRequest(object="Apophis", years=5, clones=32, levels=["linear", "lov"]))
    print(f"{'request':34s} {'median':>9s} {'worst':>9s}  of 5 runs")
    for name, options in CASES.items():
        times = []
        for _ in range(5):
            start = time.perf_counter()
            result = simulate(SimulateRequest(**options))
            times.append(time.perf_counter() - start)
        print(f"{name:34s} {statistics.median(times):8.3f}s {max(times):8.3f}s")
    found = [
        row
        for row in result["baseline"]["approaches"]
        if row["body"] == "earth" and row["calendar_tdb"].startswith("2029")
    ]
    print(f"Apophis 2029: {found[0]['dist_km']:,.1f} km (JPL: 38,011 to 38,013 km)")


if __name__ == "__main__":
    main()
