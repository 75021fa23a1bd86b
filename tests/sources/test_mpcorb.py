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

# MPCORB.DAT as distributed for epoch 2023-02-25 (MPO 743512 for Ceres).
CERES = (
    "00001    3.33  0.15 K232P  17.21569   73.47045   80.26014   10.58634  0.0789125  "
    "0.21411523   2.7671817  0 E2023-F87  7283 123 1801-2023 0.65 M-v 30k MPCLINUX   "
    "4000      (1) Ceres              20230321"
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
    row = read_mpcorb(CERES).row(0, named=True)
    assert row["designation"] == "1"
    assert row["full_name"] == "(1) Ceres"
    assert row["epoch_jd_tdb"] == pytest.approx(2460000.5, abs=3e-8)
    assert (row["a_au"], row["e"], row["i_deg"]) == (2.7671817, 0.0789125, 10.58634)
    assert (row["h_mag"], row["condition_code"], row["n_obs"]) == (3.33, 0, 7283)
    assert row["arc_d"] == 222 * 365.25


def test_a_heading_is_skipped_and_a_cut_line_is_named():
    text = f"MINOR PLANET CENTER\n{'-' * 160}\n{CERES}\n\n{CERES[:60]}\n"
    with pytest.raises(InputError, match="Line 5 is not an orbit"):
        read_mpcorb(text)
