"""The Minor Planet Center's format, against its own documentation and a published line."""

import pytest

from skywright.errors import InputError
from skywright.sources.mpcorb import read_mpcorb, unpack_designation, unpack_epoch

# Examples of the Minor Planet Center's page "Packed Provisional and Permanent Designations".
PACKED = {
    "J95X00A": "1995 XA",
    "J95X01L": "1995 XL1",
    "J95F13B": "1995 FB13",
    "J98SA8Q": "1998 SQ108",
    "J98SC7V": "1998 SV127",
    "J98SG2S": "1998 SS162",
    "K99AJ3Z": "2099 AZ193",
    "K08Aa0A": "2008 AA360",
    "K07Tf8A": "2007 TA418",
    "PLS2040": "2040 P-L",
    "T1S3138": "3138 T-1",
    "_QC0000": "2026 CA620",
    "_QCzzzz": "2026 CL591673",
    "_QC0aEM": "2026 CZ6190",
    "00433": "433",
    "A0345": "100345",
    "a0017": "360017",
    "K3289": "203289",
    "~0000": "620000",
    "~000z": "620061",
    "~AZaz": "3140113",
    "~zzzz": "15396335",
}

# Minor Planet Center, NEA.txt of 2026-04-10.
EROS = (
    "00433   10.40  0.15 K25BL 310.55432  178.92976  304.27010   10.82847  0.2228360  "
    "0.55977529   1.4581210  0 E2026-G89 17462  59 1893-2026 0.62 M-v 3Ek MPCORBFIT  "
    "1804    (433) Eros               20260408"
)


@pytest.mark.parametrize(("packed", "readable"), PACKED.items())
def test_packed_designations_of_the_documentation_are_read(packed, readable):
    assert unpack_designation(packed) == readable


# "Packed dates": J9611 = 1996 January 1, J961A = 1996 January 10, J969U = 1996 September 30,
# J96A1 = 1996 October 1, K01AM = 2001 October 22; Julian dates from the Astronomical Almanac rule.
@pytest.mark.parametrize(
    ("packed", "jd"),
    [
        ("J9611", 2450083.5),
        ("J961A", 2450092.5),
        ("J969U", 2450356.5),
        ("J96A1", 2450357.5),
        ("K01AM", 2452204.5),
        ("K00", None),
    ],
)
def test_packed_dates_of_the_documentation_are_read(packed, jd):
    if jd is None:
        with pytest.raises(ValueError, match="K265N"):
            unpack_epoch(packed)
    else:
        assert unpack_epoch(packed) == jd


def test_a_published_line_is_read_with_its_units():
    row = read_mpcorb(EROS).row(0, named=True)
    assert row["designation"] == "433"
    assert row["full_name"] == "(433) Eros"
    assert row["epoch_jd_tdb"] == pytest.approx(2461000.5, abs=3e-8)
    assert (row["a_au"], row["e"], row["i_deg"]) == (1.4581210, 0.2228360, 10.82847)
    assert (row["node_deg"], row["peri_deg"]) == (304.27010, 178.92976)
    assert (row["h_mag"], row["condition_code"], row["n_obs"]) == (10.40, 0, 17462)
    assert (row["n_opp"], row["arc_d"], row["last_obs"]) == (59, 133 * 365.25, "20260408")


def test_a_heading_is_skipped_and_a_cut_line_is_named():
    text = f"MINOR PLANET CENTER\n{'-' * 160}\n{EROS}\n\n{EROS[:60]}\n"
    with pytest.raises(InputError, match="Line 5 is not an orbit"):
        read_mpcorb(text)
