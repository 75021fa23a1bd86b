"""The TAP stand-ins, asked by the clients that people use."""

import httpx
import pytest


def _sync(sandbox, service, query, **more):
    asked = {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "csv", "QUERY": query, **more}
    return httpx.get(f"{sandbox.url}/{service}/tap/sync", params=asked, timeout=30)


def _value(answer):
    assert answer.status_code == 200, answer.text
    return float(answer.text.splitlines()[1])


@pytest.mark.parametrize(("arcmin", "stars"), [(5, 3_065), (10, 6_760), (60, 10_542)])
def test_cones_hold_the_stars_counted_by_others(sandbox, assistant_data, arcmin, stars):
    query = (
        "SELECT COUNT(*) FROM gaiadr3.gaia_source WHERE "
        f"1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 265.1754, -53.6743, {arcmin}/60.0))"
    )
    assert _value(_sync(sandbox, "gaia", query)) == stars


def test_zero_magnitudes_are_null(sandbox, assistant_data):
    assert _value(_sync(sandbox, "gaia", "SELECT COUNT(bp_rp) FROM gaiadr3.gaia_source")) == 11_187
