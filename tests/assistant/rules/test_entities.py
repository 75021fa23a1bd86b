from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.rules.entities import entities_in

_TODAY = date(2026, 11, 21)
_ARCSEC = 1 / 3600


def _read(text):
    return entities_in(text, _TODAY)


@pytest.mark.parametrize(
    ("written", "name", "kind"),
    [
        ("m 31", "M31", "object"),
        ("Messier 13", "M13", "object"),
        ("ngc6397", "NGC 6397", "object"),
        ("ic-434", "IC 434", "object"),
        ("Caldwell 86", "Caldwell 86", "object"),
        ("2MASS J05233822-1403022", "2MASS J05233822-1403022", "object"),
        ("sdss j094857.3+002225", "SDSS J094857.3+002225", "object"),
        ("gaia dr3 4295806720", "Gaia DR3 4295806720", "object"),
        ("hd 209458", "HD 209458", "object"),
        ("HIP-8102", "HIP 8102", "object"),
        ("TIC 261136679", "TIC 261136679", "object"),
        ("SN 2011fe", "SN 2011fe", "object"),
        ("the andromeda galaxy", "Andromeda Galaxy", "object"),
        ("99942 Apophis", "99942 Apophis", "asteroid"),
        ("asteroid 433", "433", "asteroid"),
        ("2024 YR4", "2024 YR4", "asteroid"),
        ("(99942) 2004 mn4", "99942 2004 MN4", "asteroid"),
        ("67P/Churyumov-Gerasimenko", "67P/Churyumov-Gerasimenko", "comet"),
        ("C/2023 A3", "C/2023 A3", "comet"),
        ("TRAPPIST-1 e", "TRAPPIST-1 e", "exoplanet"),
        ("wasp-39b", "WASP-39 b", "exoplanet"),
        ("Kepler 186f", "Kepler-186 f", "exoplanet"),
        ("HD 209458 b", "HD 209458 b", "exoplanet"),
        ("Starlink-1007", "Starlink-1007", "satellite"),
        ("the ISS", "ISS", "satellite"),
    ],
)
def test_a_name_is_given_back_as_catalogues_write_it(written, name, kind):
    (found,) = _read(f"tell me about {written} please").names
    assert (found.text, found.kind) == (name, kind)


@pytest.mark.parametrize(
    "text", ["papers from 2020 to 2022", "what if it moved 100 m", "5 m 200 times", "an HR diagram"]
)
def test_years_and_lengths_are_no_names(text):
    assert _read(text).names == ()


def test_the_number_of_a_satellite_is_read():
    assert _read("where is the satellite with NORAD ID 25544?").names[0].norad_id == 25544


@given(st.integers(1, 110), st.sampled_from(["M{}", "m {}", "Messier {}", "MESSIER  {}", "m-{}"]))
def test_a_messier_object_is_one_however_it_is_written(number, form):
    (found,) = _read(f"  coordinates   of {form.format(number)} ?").names
    assert found.text == f"M{number}"


@given(
    st.floats(0.01, 300, allow_nan=False),
    st.sampled_from(
        [
            ("deg", 1.0), ("°", 1.0), (" degrees", 1.0), ("'", 1 / 60), (" arcmin", 1 / 60),
            (" arc minutes", 1 / 60), ('"', _ARCSEC), (" arcsec", _ARCSEC),
            (" ARCSECONDS", _ARCSEC),
            ("\u2032", 1 / 60), ("\u2033", _ARCSEC), (" mas", _ARCSEC / 1000),
        ]
    ),
)  # fmt: skip
def test_an_angle_written_with_any_unit_is_read_back_in_degrees(value, unit):
    written, factor = unit
    read = _read(f"sources within {value:.4f}{written} of M13").radius_deg
    assert read == pytest.approx(float(f"{value:.4f}") * factor, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "deg"),
    [
        ("five arcminutes around M13", 5 / 60),
        ("half a degree around M13", 0.5),
        ("a quarter of a degree around M13", 0.25),
        ("twenty-five arcseconds from M13", 25 / 3600),
        ("1 degree 30 arcmin around M13", 1.5),
        ("a field 10 arcmin across at M13", 5 / 60),
        ("a cone with a diameter of 1 deg at M13", 0.5),
    ],
)
def test_angles_in_words_joined_angles_and_diameters(text, deg):
    assert _read(text).radius_deg == pytest.approx(deg, rel=1e-12)


def test_the_number_of_an_object_before_a_quote_is_no_angle():
    read = _read('papers on "dust in M31"')
    assert read.radius_deg is None
    assert read.quoted == ("dust in M31",)
    assert read.names[0].text == "M31"


_SEXAGESIMAL = [
    "{} {} {} {}{} {} {}",
    "{}:{}:{} {}{}:{}:{}",
    "{}h{}m{}s {}{}d{}m{}s",
    "{}h {}m {}s, {}{}° {}' {}\"",
]
_RA, _DEC = st.floats(0, 359.99, allow_nan=False), st.floats(-89.9, 89.9, allow_nan=False)


@given(_RA, _DEC, st.sampled_from(["ra={:.6f} dec={:+.6f}", "RA: {:.6f}, Dec: {:+.6f}",
                                   "ra {:.6f} dec {:+.6f}", "({:.6f}, {:+.6f})",
                                   "{:.6f} {:+.6f}", "{:.6f}° {:+.6f}°"]))  # fmt: skip
def test_a_decimal_position_is_read_back(ra_deg, dec_deg, form):
    (read,) = _read(f"cone around {form.format(ra_deg, dec_deg)} within 5 arcmin").positions
    assert read.ra_deg == pytest.approx(ra_deg, abs=1e-6)
    assert read.dec_deg == pytest.approx(dec_deg, abs=1e-6)


@given(_RA, _DEC, st.sampled_from(_SEXAGESIMAL))
def test_a_sexagesimal_position_is_read_back(ra_deg, dec_deg, form):
    h, m, s = _sexagesimal(ra_deg / 15)
    d, dm, ds = _sexagesimal(abs(dec_deg))
    text = form.format(f"{h:02d}", f"{m:02d}", f"{s:05.2f}", "-" if dec_deg < 0 else "+",
                       f"{d:02d}", f"{dm:02d}", f"{ds:05.2f}")  # fmt: skip
    (read,) = _read(f"what lies at {text}").positions
    assert read.ra_deg == pytest.approx(ra_deg, abs=0.16 * _ARCSEC)
    assert read.dec_deg == pytest.approx(dec_deg, abs=0.011 * _ARCSEC)


def _sexagesimal(value):
    hundredths = int(value * 360_000)
    return hundredths // 360_000, hundredths // 6000 % 60, hundredths % 6000 / 100


@pytest.mark.parametrize("text", ["ra 400 dec 10", "ra 10.5 dec 95.0", "25:00:00 +10:00:00"])
def test_a_position_outside_the_sky_is_none(text):
    assert _read(f"cone at {text}").positions == ()


@pytest.mark.parametrize(
    "text",
    [
        "0.8 < BP-RP < 1.5", "0.8<bp_rp<1.5", "0.8 \u2264 BP\u2212RP \u2264 1.5",
        "BP-RP between 0.8 and 1.5", "between 0.8 and 1.5 in BP-RP", "BP-RP from 0.8 to 1.5",
        "1.5 > BP - RP > 0.8", "a colour of 0.8-1.5",
        "BP-RP > 0.8 and < 1.5", "bp-rp > 0.8 and bp-rp < 1.5", "color between 0.8 and 1.5",
        "redder than 0.8 and bluer than 1.5", "(BP-RP) in the range 0.8 to 1.5",
    ],
)  # fmt: skip
def test_the_bounds_of_a_colour_however_they_are_said(text):
    colour = _read(f"stars with {text}").colour
    assert (colour.low, colour.high, colour.of) == (0.8, 1.5, "bp_rp")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("G brighter than 15", None, 15.0), ("brighter than 15th mag", None, 15.0),
        ("G<15", None, 15.0),
        ("fainter than 12.5", 12.5, None), ("G > 12", 12.0, None), ("12 < G < 15", 12.0, 15.0),
        ("magnitude below 15", None, 15.0), ("G magnitude between 12 and 15", 12.0, 15.0),
    ],
)  # fmt: skip
def test_the_bounds_of_the_magnitude_however_they_are_said(text, low, high):
    magnitude = _read(f"stars with 0.8 < BP-RP < 1.5 and {text}").magnitude
    assert (magnitude.low, magnitude.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("since 2020", date(2020, 1, 1), None),
        ("after 2020", date(2021, 1, 1), None),
        ("before 2020", None, date(2019, 12, 31)),
        ("in 2022", date(2022, 1, 1), date(2022, 12, 31)),
        ("between 2018 and 2021", date(2018, 1, 1), date(2021, 12, 31)),
        ("from 2018 to 2021", date(2018, 1, 1), date(2021, 12, 31)),
        ("last year", date(2025, 1, 1), date(2025, 12, 31)),
        ("in the last 5 years", date(2021, 1, 1), _TODAY),
        ("in the past three days", date(2026, 11, 18), _TODAY),
        ("last month", date(2026, 10, 1), date(2026, 10, 31)),
        ("in the 1990s", date(1990, 1, 1), date(1999, 12, 31)),
        ("on 2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("on 4 October 1957", date(1957, 10, 4), date(1957, 10, 4)),
        ("in February 2023", date(2023, 2, 1), date(2023, 2, 28)),
        ("on July 20th, 1969", date(1969, 7, 20), date(1969, 7, 20)),
        ("yesterday", date(2026, 11, 20), date(2026, 11, 20)),
    ],
)
def test_a_span_of_time_however_it_is_said(text, since, until):
    span = _read(f"launches {text}").span
    assert (span.since, span.until) == (since, until)


@given(st.dates(date(1850, 1, 1), date(2098, 12, 31)))
def test_a_day_is_read_back_from_its_iso_form(day):
    span = _read(f"the picture of {day.isoformat()}").span
    assert (span.since, span.until, span.is_day) == (day, day, True)


@pytest.mark.parametrize(
    ("text", "m_s"),
    [("5 cm/s", 0.05), ("2 mm/s", 0.002), ("0.5 m/s", 0.5), ("1 km/s", 1000),
     ("one metre per second", 1)],
)  # fmt: skip
def test_a_speed_is_read_in_metres_per_second(text, m_s):
    assert _read(f"what if Apophis got {text}").amounts.speed_m_s == pytest.approx(m_s)


def test_sizes_and_masses_are_read_with_their_units():
    amounts = _read("what if it were 120 m wide and had 3 million tonnes").amounts
    assert (amounts.diameter_km, amounts.mass_kg) == (pytest.approx(0.12), pytest.approx(3e9))


@pytest.mark.parametrize(
    "text", ["ten papers on M31", "the top 10 papers on M31", "10 most recent papers"]
)
def test_how_many_are_wanted(text):
    assert _read(text).count == 10


def test_bibcodes_and_arxiv_numbers_are_read_whole():
    read = _read("bibtex of 2016A&A...595A...1G and arXiv:2301.01234")
    assert (read.bibcodes, read.arxiv_ids) == (("2016A&A...595A...1G",), ("2301.01234",))


@pytest.mark.parametrize(
    "text",
    ["Run this query, please: {}", "```sql\n{}\n```", "{}", "can you execute {} please?"],
)
def test_a_query_is_taken_as_it_was_written(text):
    query = "SELECT TOP 5 ra, dec FROM gaiadr3.gaia_source WHERE phot_g_mean_mag < 10"
    assert _read(text.format(query)).adql == query


def test_select_and_from_in_plain_words_are_no_query():
    assert _read("select the red giants from the table").adql == ""


@given(st.sampled_from([
    "Find Gaia sources within 5 arcmin of M13", "papers on dust since 2020",
    "stars with 0.8 < BP-RP < 1.5", "light curve of WASP-39b", "risk of 2024 YR4",
]), st.booleans(), st.integers(1, 4))  # fmt: skip
def test_case_and_blanks_change_nothing(text, upper, blanks):
    changed = (text.upper() if upper else text.lower()).replace(" ", " " * blanks)
    one, two = _read(text), _read(changed)
    assert [(n.text.lower(), n.kind) for n in one.names] == [
        (n.text.lower(), n.kind) for n in two.names
    ]
    assert (one.radius_deg, one.colour, one.span) == (two.radius_deg, two.colour, two.span)
