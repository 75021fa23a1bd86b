"""Each provider's own shapes, typed in from published answers, and what a change of them does."""

import copy
import json

import pytest

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.sources import cad, mpc, neocc, sbdb, sentry

# JPL SBDB, solutions 220 (99942 Apophis, 2024-06-25) and 659 (433 Eros, 2021-05-24), shortened.
FIELDS = ["spkid", "full_name", "pdes", "neo", "pha", "class", "epoch", "e", "a", "q", "i", "om"]
FIELDS += ["w", "ma", "tp", "H", "condition_code", "A2", "moid"]
APOPHIS = ["20099942", "99942 Apophis (2004 MN4)", "99942", "Y", "Y", "ATE", "2461000.5"]
APOPHIS += [".1911663355386932", ".9223803173917017", ".7460522521429133", "3.340958441017069"]
APOPHIS += ["203.8996515621043", "126.6728325163065", "312.8054663584516", "2461042.918242006079"]
APOPHIS += ["19.09", "0", "-2.901766637153165E-14", ".000360605"]
EROS = ["20000433", "   433 Eros (A898 PA)", "433", "Y", "N", "AMO", "2461000.5"]
EROS += ["0.2228359407071628", "1.458120998474684", "1.13319923411471", "10.82846651399785"]
EROS += ["304.2701025753316", "178.9297536744151", "310.5543277370992", "2461088.831287055474"]
EROS += ["10.38", "0", None, ".148353"]


def _query(*rows, **other):
    payload = {"signature": {"source": "NASA/JPL Small-Body Database (SBDB) Query API"}}
    return json.dumps(payload | {"fields": FIELDS, "data": rows, "count": 2} | other)


def test_the_catalogue_is_fetched_page_by_page_in_our_columns(provider, fetcher, settings):
    told = []
    provider.say(_query(EROS), _query(APOPHIS), _query())
    table, provenance = sbdb.fetch_catalogue(
        fetcher, settings, page=1, progress=lambda rows, total: told.append((rows, total))
    )
    assert table["designation"].to_list() == ["433", "99942"]
    assert table["full_name"][0] == "433 Eros (A898 PA)"
    assert table["a_au"][1] == 0.9223803173917017
    assert table["a2_au_d2"].to_list() == [None, -2.901766637153165e-14]
    assert table["pha"].to_list() == [False, True]
    assert told == [(1, 2), (2, 2), (2, 2)]
    assert [q.get("limit-from") for _, q, _ in provider.asked] == [None, "1", "2"]
    assert provider.asked[0][1]["sb-group"] == "neo"
    assert len(provenance) == 3


def test_an_interrupted_catalogue_goes_on_at_the_page_it_missed(provider, fetcher, settings):
    provider.say(_query(EROS), provider.reply("", 403))
    with pytest.raises(SourceError, match="HTTP 403"):
        sbdb.fetch_catalogue(fetcher, settings, page=1)
    provider.say(_query(APOPHIS), _query())
    table, provenance = sbdb.fetch_catalogue(fetcher, settings, page=1)
    assert table["designation"].to_list() == ["433", "99942"]
    assert [q.get("limit-from") for _, q, _ in provider.asked[2:]] == ["1", "2"]
    assert len(provenance) == 3
    assert not (fetcher.folder / "sbdb-cursor.json").exists()


def test_pages_of_another_day_are_fetched_again(provider, fetcher, settings):
    provider.say(_query(EROS), provider.reply("", 403))
    with pytest.raises(SourceError):
        sbdb.fetch_catalogue(fetcher, settings, page=1)
    cursor = fetcher.folder / "sbdb-cursor.json"
    kept = json.loads(cursor.read_text())
    kept["pages"]["0"]["retrieved_utc"] = "2020-01-01T00:00:00+00:00"
    cursor.write_text(json.dumps(kept))
    provider.say(_query(APOPHIS), _query())
    table, _ = sbdb.fetch_catalogue(fetcher, settings, page=1)
    assert table["designation"].to_list() == ["99942"]


def test_a_limit_is_kept(provider, fetcher, settings):
    provider.say(_query(EROS))
    table, _ = sbdb.fetch_catalogue(fetcher, settings, limit=1)
    assert table.height == 1
    assert provider.asked[0][1]["limit"] == "1"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (_query(EROS)[:-30], "damaged or cut short"),
        (_query(EROS, fields=["full_name", *FIELDS[1:]]), "no longer gives the fields spkid"),
        (_query(EROS[:-1]), "18 cells for 19 fields"),
        (_query([*EROS[:7], "unknown", *EROS[8:]]), "e = 'unknown'"),
        ('{"code": "400", "message": "invalid field"}', "invalid field"),
    ],
)
def test_a_changed_catalogue_is_refused_and_not_kept(provider, fetcher, settings, body, sentence):
    provider.say(body)
    with pytest.raises(SourceError, match=sentence):
        sbdb.fetch_catalogue(fetcher, settings)
    assert not (fetcher.folder / "provenance.jsonl").exists()


def _apophis():
    """JPL SBDB solution 220 of 99942 Apophis; of the covariance only some entries."""
    labels = ["e", "q", "tp", "node", "peri", "i", "A1", "A2"]
    data = [["0"] * 8 for _ in labels]
    data[0][0], data[0][1], data[1][0] = "2.466E-18", "-3.914E-18", "-3.914E-18"
    data[2][2], data[7][7] = "4.219E-13", "3.457E-32"
    values = {
        "e": ".1915216893501022", "q": ".7458270478466523", "tp": "2459101.039422462638",
        "om": "204.0389272089208", "w": "126.6520518368553", "i": "3.336751320066756",
    }  # fmt: skip
    main = dict(zip(["e", "a", "q", "i", "om", "w", "ma", "tp"], APOPHIS[7:15], strict=True))
    return {
        "object": {"des": "99942", "fullname": "99942 Apophis (2004 MN4)",
                   "orbit_class": {"code": "ATE"}},
        "orbit": {
            "epoch": "2461000.5", "condition_code": "0", "data_arc": "6599", "n_obs_used": 7370,
            "moid": ".000360605", "orbit_id": "220", "soln_date": "2024-06-25 10:48:08",
            "elements": [{"name": n, "value": v} for n, v in main.items()],
            "model_pars": [{"name": "A1", "value": "5.E-13"},
                           {"name": "A2", "value": "-2.901766637153165E-14"}],
            "covariance": {"epoch": "2459215.5", "labels": labels, "data": data,
                           "elements": [{"name": n, "value": v} for n, v in values.items()]},
        },
        "phys_par": [{"name": "H", "value": "19.09", "sigma": "0.19"},
                     {"name": "diameter", "value": "0.34", "sigma": "0.04"},
                     {"name": "rot_per", "value": "30.4"}, {"name": "spec_B", "value": "Sq"}],
    }  # fmt: skip


def test_a_covariance_comes_with_its_own_epoch_and_elements(provider, fetcher, settings):
    provider.say(json.dumps(_apophis()))
    row, provenance = sbdb.fetch_object(fetcher, settings, "Apophis")
    assert row["epoch_jd_tdb"] == 2459215.5
    assert row["q_au"] == 0.7458270478466523
    assert row["tp_jd_tdb"] == 2459101.039422462638
    assert row["covariance"][:2] == [2.466e-18, -3.914e-18]
    assert row["covariance"][14] == 4.219e-13
    assert len(row["covariance"]) == 36
    assert (row["a1_au_d2"], row["a2_au_d2"]) == (5e-13, -2.901766637153165e-14)
    assert (row["h_mag"], row["h_sigma"], row["rot_per_h"], row["arc_d"]) == (
        19.09,
        0.19,
        30.4,
        6599,
    )
    assert provider.asked[0][1] == {
        "sstr": "Apophis", "cov": "mat", "full-prec": "1", "phys-par": "1"
    }  # fmt: skip
    assert provenance.provider == "sbdb-object"


@pytest.mark.parametrize(
    ("parameters", "law"),
    [
        ([], None),
        ([("A2", "1E-14"), ("NK", "0."), ("NM", "2.")], "inverse square"),
        ([("A1", "1E-9"), ("A2", "1E-10"), ("DT", "40")], "water ice"),
        ([("RHO", "1.19"), ("AMRAT", "2.9E-6")], None),
    ],
)
def test_the_law_of_non_gravitational_forces_is_told(provider, fetcher, settings, parameters, law):
    payload = _apophis()
    payload["orbit"]["model_pars"] = [{"name": n, "value": v} for n, v in parameters]
    provider.say(json.dumps(payload))
    assert sbdb.fetch_object(fetcher, settings, "x")[0]["nongrav_law"] == law


@pytest.mark.parametrize(
    ("des", "fullname", "designation"),
    [
        ("81P", "81P/Wild 2", "81P/Wild 2"),
        ("2022 E3", "C/2022 E3 (ZTF)", "C/2022 E3"),
        ("2024 YR4", "(2024 YR4)", "2024 YR4"),
        ("99942", None, "99942"),
    ],
)
def test_comets_are_called_as_comets(provider, fetcher, settings, des, fullname, designation):
    payload = _apophis()
    payload["object"] = {"des": des, "fullname": fullname}
    provider.say(json.dumps(payload))
    assert sbdb.fetch_object(fetcher, settings, des)[0]["designation"] == designation


def test_without_covariance_the_main_elements_are_taken(provider, fetcher, settings):
    payload = _apophis()
    del payload["orbit"]["covariance"]
    provider.say(json.dumps(payload))
    row, _ = sbdb.fetch_object(fetcher, settings, "99942")
    assert (row["epoch_jd_tdb"], row["e"]) == (2461000.5, 0.1911663355386932)
    assert row["covariance"] is None


def test_several_matches_are_listed(provider, fetcher, settings):
    found = {
        "code": "300",
        "list": [{"pdes": "1", "name": "1 Ceres"}, {"pdes": "1P", "name": "1P/Halley"}],
    }
    provider.say(provider.reply(json.dumps(found), 300))
    with pytest.raises(NotFoundError, match=r"2 objects: 1 Ceres \(1\), 1P/Halley \(1P\)"):
        sbdb.fetch_object(fetcher, settings, "1*")


@pytest.mark.parametrize("status", [200, 404])
def test_an_unknown_object_is_not_found(provider, fetcher, settings, status):
    body = '{"code": "200", "message": "specified object was not found"}'
    provider.say(provider.reply(body, status))
    with pytest.raises(NotFoundError, match="specified object was not found"):
        sbdb.fetch_object(fetcher, settings, "Nibiru")


@pytest.mark.parametrize("gone", ["elements", "epoch"])
def test_an_object_that_lost_a_field_is_refused(provider, fetcher, settings, gone):
    payload = copy.deepcopy(_apophis())
    del payload["orbit"][gone]
    provider.say(json.dumps(payload))
    with pytest.raises(SourceError, match=f"unknown shape: KeyError at '{gone}'"):
        sbdb.fetch_object(fetcher, settings, "Apophis")


# JPL CAD, the first approach of 2020 (2020 AY1, orbit 18, as retrieved in 2020).
CAD = {
    "signature": {"source": "NASA/JPL SBDB Close Approach Data API", "version": "1.5"},
    "count": 1,
    "fields": ["des", "orbit_id", "jd", "cd", "dist", "dist_min", "dist_max", "v_rel", "v_inf",
               "t_sigma_f", "h", "fullname"],
    "data": [["2020 AY1", "18", "2458849.537524496", "2020-Jan-01 00:54", "0.0211660525256395",
              "0.0211628345552616", "0.0211692704882042", "5.62203195551878", "5.59959589405614",
              "< 00:01", "25.1", " (2020 AY1)"]],
}  # fmt: skip


def test_close_approaches_come_with_units_in_their_names(provider, fetcher, settings):
    provider.say(json.dumps(CAD))
    table, _ = cad.fetch_close_approaches(
        fetcher, settings, start="2020-01-01", stop="2020-01-02", within_au=0.05
    )
    row = table.row(0, named=True)
    assert (row["designation"], row["jd_tdb"]) == ("2020 AY1", 2458849.537524496)
    assert (row["dist_au"], row["v_inf_km_s"]) == (0.0211660525256395, 5.59959589405614)
    assert (row["t_sigma"], row["body"]) == ("< 00:01", "Earth")
    assert provider.asked[0][1]["dist-max"] == "0.05"


def test_no_close_approach_is_an_empty_table(provider, fetcher, settings):
    provider.say('{"signature": {"version": "1.5"}, "count": "0"}')
    table, _ = cad.fetch_close_approaches(fetcher, settings, start="2029-01-01", stop="2029-01-02")
    assert table.height == 0
    assert "dist_au" in table.columns


@pytest.mark.parametrize(
    "change", [{"fields": ["des"]}, {"data": [["99942"]]}, {"fields": None}, {"data": None}]
)
def test_changed_close_approaches_are_refused(provider, fetcher, settings, change):
    provider.say(json.dumps(CAD | change))
    with pytest.raises(SourceError, match="unknown shape"):
        cad.fetch_close_approaches(fetcher, settings, start="2029-01-01", stop="2029-02-01")


# JPL Sentry, version 2.0: summary entry of 1979 XB and two impacts of 101955 Bennu.
SENTRY_ROW = {
    "des": "1979 XB", "diameter": "0.66", "fullname": "(1979 XB)", "h": "18.56", "id": "bJ79X00B",
    "ip": "8.89646e-07", "last_obs": "1979-12-15", "last_obs_jd": "2444222.5", "n_imp": "5",
    "ps_cum": "-2.75", "ps_max": "-3.12", "range": "2056-2113", "ts_max": "0", "v_inf": "23.7204",
}  # fmt: skip


def test_the_sentry_list_is_read(provider, fetcher, settings):
    provider.say(json.dumps({"count": 1, "data": [SENTRY_ROW, SENTRY_ROW | {"ts_max": None}]}))
    table, _ = sentry.fetch_risk_list(fetcher, settings)
    row = table.row(0, named=True)
    assert (row["designation"], row["ip_cum"], row["ps_cum"]) == ("1979 XB", 8.89646e-07, -2.75)
    assert (row["n_impacts"], row["year_range"], row["ts_max"]) == (5, "2056-2113", 0)
    assert table["ts_max"][1] is None


def test_impacts_of_one_object_are_read(provider, fetcher, settings):
    impact = {
        "date": "2290-09-25.12",
        "energy": "1.425e+03",
        "ip": "1.000e-07",
        "ps": "-5.38",
        "ts": None,
    }
    provider.say(json.dumps({"summary": {"des": "101955"}, "data": [impact]}))
    table, _ = sentry.fetch_impacts(fetcher, settings, "101955")
    assert table.row(0) == ("2290-09-25.12", 1e-07, -5.38, None, 1425.0)


def test_an_object_taken_off_the_list_is_said_so(provider, fetcher, settings):
    provider.say('{"error": "specified object removed", "removed": "2021-03-26 01:55:22"}')
    with pytest.raises(NotFoundError, match="removed on 2021-03-26"):
        sentry.fetch_impacts(fetcher, settings, "99942")


@pytest.mark.parametrize("body", ['{"count": 0}', '{"data": [{"des": "1979 XB"}]}', '{"data": 5}'])
def test_a_changed_sentry_list_is_refused(provider, fetcher, settings, body):
    provider.say(body)
    with pytest.raises(SourceError, match="unknown shape"):
        sentry.fetch_risk_list(fetcher, settings)


# ESA NEOCC risk list: heading and first line of 2026-04-26, 2010 KV7 as of 2022-12-20.
RISK = """Last Update: 2026-04-26 14:04 UTC
Object                        | Diam | Diam |  VI Max          |  IP max  | PS max |TS| Vel  | Years     |  IP cum  | PS cum |
Num/des.       Name           |   m  | *=Y  |  Date/Time       |          |        |  | km/s |           |          |        |
AAAAAAAAAA AAAAAAAAAAAAAAAAAA | NNNN |   A  | NNNN-NN-NN NN:NN | NNNNNNNN | NNNNNN |NN| NNNN | NNNN-NNNN | NNNNNNNN | NNNNNN |
2023VD3                       |   14 |   *  | 2034-11-08 17:08 |  2.35E-3 |  -2.67 | 0| 21.01 | 2034-2039 |  2.35E-3 |  -2.67 |
2010KV7                       |   13 |      | 2034-05-21 06:09 |  9.96E-6 |  -5.37 | 0| 12.39 | 2034-2119 |  3.82E-5 |  -5.02 |
"""  # noqa: E501
TEXT = {"Content-Type": "text/plain"}


def test_the_list_of_esa_is_read(provider, fetcher, settings):
    provider.say(provider.reply(RISK, headers=TEXT))
    table, _ = neocc.fetch_risk_list(fetcher, settings)
    assert table["designation"].to_list() == ["2023 VD3", "2010 KV7"]
    assert table["diameter_assumed"].to_list() == [True, False]
    assert table["ip_max"].to_list() == [2.35e-3, 9.96e-6]
    assert table["ts"].to_list() == [0.0, 0.0]
    assert provider.asked[0][:2] == ("/PSDB-portlet/download", {"file": "esa_risk_list"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RISK[:-60], "Line 6 .* cells instead of 11"),
        (RISK.replace("2.35E-3", "likely"), "no number"),
        ("nothing here", "without its heading"),
    ],
)
def test_a_damaged_list_of_esa_is_refused(provider, fetcher, settings, text, sentence):
    provider.say(provider.reply(text, headers=TEXT))
    with pytest.raises(SourceError, match=sentence):
        neocc.fetch_risk_list(fetcher, settings)


# ESA NEOCC, 99942.ke1 at epoch 2025-11-21, without its covariance.
OEF = """format  = 'OEF2.0'       ! file format
rectype = 'ML'           ! record type (1L/ML)
refsys  = ECLM J2000     ! default reference system
END_OF_HEADER
99942
! Keplerian elements: a, e, i, long. node, arg. peric., mean anomaly
 KEP   9.2238031994461067E-01  1.9116633443039491E-01   3.3409585628721 203.8996389609976 126.6728440132719  3.1280546650423054E+02
 MJD     61000.000000000 TDT
 MAG  18.893  0.150
 LSP   1  2    7    2
 NGR   0.00000000000000E+00 -2.90010329254113E-04
"""  # noqa: E501


def test_an_orbit_of_esa_is_read_with_its_units(provider, fetcher, settings):
    provider.say(provider.reply(OEF, headers=TEXT))
    table, _ = neocc.fetch_orbit(fetcher, settings, "99942")
    row = table.row(0, named=True)
    assert provider.asked[0][1] == {"file": "99942.ke1"}
    assert row["a2_au_d2"] == pytest.approx(-2.90010329254113e-14, rel=1e-15)
    assert row["tp_jd_tdb"] == pytest.approx(2461042.9182, abs=1e-3)  # JPL solution 220
    assert row["epoch_jd_tdb"] == pytest.approx(2461000.5, abs=3e-8)


def test_an_orbit_esa_does_not_have_is_not_found(provider, fetcher, settings):
    provider.say(provider.reply("", headers=TEXT))
    with pytest.raises(NotFoundError, match=r"no orbit file 2099ZZ\.ke0"):
        neocc.fetch_orbit(fetcher, settings, "2099 ZZ", epoch="middle")


@pytest.mark.parametrize(
    ("text", "sentence"), [(OEF[:300], "cannot be read"), ("not an orbit", "something else")]
)
def test_a_damaged_orbit_of_esa_is_refused(provider, fetcher, settings, text, sentence):
    provider.say(provider.reply(text, headers=TEXT))
    with pytest.raises(SourceError, match=sentence):
        neocc.fetch_orbit(fetcher, settings, "99942")


def test_an_unknown_epoch_lists_the_known(fetcher, settings):
    with pytest.raises(InputError, match="current, middle"):
        neocc.fetch_orbit(fetcher, settings, "99942", epoch="now")


# Minor Planet Center, NEA.txt of 2026-04-10.
NEA = (
    "00433   10.40  0.15 K25BL 310.55432  178.92976  304.27010   10.82847  0.2228360  "
    "0.55977529   1.4581210  0 E2026-G89 17462  59 1893-2026 0.62 M-v 3Ek MPCORBFIT  "
    "1804    (433) Eros               20260408\n"
)


def test_the_list_of_the_minor_planet_center_is_read(provider, fetcher, settings):
    provider.say(provider.reply(NEA, headers=TEXT))
    table, provenance = mpc.fetch_list(fetcher, settings)
    assert table["a_au"].to_list() == [1.4581210]
    assert provider.asked[0][0] == "/iau/MPCORB/NEA.txt"
    assert provenance.bytes == len(NEA)


def test_a_cut_or_foreign_list_of_the_minor_planet_center_is_refused(provider, fetcher, settings):
    provider.say(provider.reply(NEA + NEA[:90], headers=TEXT))
    with pytest.raises(SourceError, match="Line 2 is not an orbit"):
        mpc.fetch_list(fetcher, settings)
    provider.say(provider.reply("moved", headers=TEXT))
    with pytest.raises(SourceError, match="something else than MPCORB"):
        mpc.fetch_list(fetcher, settings)
