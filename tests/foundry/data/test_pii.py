"""Personal data is found, and the digits of the sky are left alone.

The numbers below are examples published for the purpose (card test numbers, IBAN examples of the
registry, numbers of no one) or were made for these tests; none is a person's.
"""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.data.pii import find_pii, pass_over, redact

FOUND = {
    "email": [
        "contact jane.doe@esa.int for the data",
        "mailto:ops+night@mission-control.example.org",
        "First.Last@sub.domain.co.uk wrote this",
        "<o'neil_99@nasa.gov>",
    ],
    "phone": [
        "ring +33 1 23 45 67 89 before pass",
        "duty officer: +49 (0)6151 902 696",
        "+1-202-555-0173",
        "+44 20 7946 0958",
        "call (202) 555-0173 now",
        "202-555-0173 is the desk",
        "Tel: 06151 90-0",
        "phone number is 020 7946 0958",
        "+12025550173",
        "mobile 0171 5550123",
    ],
    "card": [
        "paid with 4111 1111 1111 1111",
        "4111111111111111",
        "card 5555-5555-5555-4444 exp 12/29",
        "amex 378282246310005",
        "3782 822463 10005",
        "6011 1111 1111 1117",
        "2223003122003222",
    ],
    "iban": [
        "DE89 3704 0044 0532 0130 00",
        "transfer to GB82WEST12345698765432 today",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NL91ABNA0417164300",
    ],
    "ip": [
        "login from 192.0.2.146 refused",
        "host 10.12.200.7",
        "peer 2001:db8:85a3::8a2e:370:7334 is up",
        "fe80::1ff:fe23:4567:890a",
    ],
    "national_id": [
        "SSN 219-09-9999",
        "NINO AB 12 34 56 C",
        "QQ123456C is no prefix, JG121316A is",
        "n° 2 55 08 14 168 025 38",
        "255081416802538",
        "DNI 12345678Z",
        "NIE X1234567L",
        "Steuer-ID: 86 095 742 719",
        "IdNr 86095742719",
        "codice fiscale RSSMRA85T10A562S",
        "CPF 529.982.247-25",
        "PESEL 44051401359",
        "BSN: 111222333",
        "personnummer 811218-9876",
    ],
    "token": [
        "aws AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9",
        "OPENAI sk-proj-9dJ2mQ7xW4bK8vN1cT5zR3yL",
        'password: "T7#kq9!zLm2p"',
        "api_key=9f8a7b6c5d4e3f2a1b0c9d8e",
        "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",
        "glpat-A1b2C3d4E5f6G7h8I9j0",
        "xoxb-123456789012-abcdefGHIJKL",
        "key k3V9xQ2mZ7tB4nW8pL1sD6fG0hJ5cR9yTq found in log",
    ],
    "private_key": [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ",
    ],
}

CLEAN = [
    # Element sets, with and without drag terms in odd places
    "1 25544U 98067A   24015.54791667  .00016717  00000-0  30000-3 0  9993",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
    "1 43013U 17073A   24016.12345678 -.00000012 +00000-0 +12345-4 0  9990",
    "2 43013  98.7430 317.1160 0001256  92.5000 267.6340 14.19552300318391",
    "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    "1 43013U 17073A   24016.12345678 -.00000012 +00000-0 +12345-4 0 99990",
    "0 STARLINK-1130 / 2019-074AV / NORAD 44914",
    # Designations and identifiers
    "1998-067A 2024 YR4 (99942) Apophis 2004 MN4 K24Y04R C/2023 A3 1I/2017 U1",
    "Gaia DR3 5853498713190525696 and 4295806720, 4111111111111111616",
    "2MASS J05352184-0546085, SDSS J123456.78+001234.5, TIC 261136679",
    "HD 209458 b; WISE 0855-0714; PSR B1919+21; GRB 221009A; GW170817; TOI-700 d",
    "SPICE id -98, NAIF 2000001, JPL SPK-ID 20099942, MPC code 703, COSPAR 2018-099BH",
    # Times and epochs
    "2026-11-21T01:26:06.123Z 20261121T012606Z 20260101Z 2026-325 2461365.5 JD 61365.0 MJD",
    "epoch 1700000000 1700000000000 1700000000000000 24015.54791667",
    "12:34:56:78 01:02:03.456 05:35:17.3 -05:23:28",
    "window 2026-01-01 00:00:00 to 2026-01-02 23:59:59, 1999/12/31, 31-12-1999",
    # Coordinates and signed quantities
    "RA 05 34 31.94 Dec +22 00 52.2",
    "dec +41 16 07.50 and +41 16 09 and -29 00 28.1",
    "00 42 44.330 +41 16 07.50; 13 29 52.7 +47 11 42.9",
    "+12.3456789 +1.2345678901e+05 -0.00012345 +1234567 +123456789",
    "x=+6524.834 y=+6862.875 z=+6448.296 vx=+4.901327 vy=+5.533756 vz=-1.976341",
    "lat 52.520008 lon 13.404954 alt 35786.0",
    "1.23456789012345e+16 6.02214076E23 299792458 149597870.700 398600.4418",
    # Rows of numbers
    "4861 4959 5007 6563 6583 6717 6731",
    "4102 4341 4861 6563",
    "3727 4111 1111 1111 1111 5007",
    "2019 2020 2021 2022 2023 2024",
    "12 34 56 78 90 12 34 56",
    "01 02 03 04 05 06 07 08",
    "0006703, 130.5360, 325.0288, 1234567890123",
    "123456789 987654321 219099999",
    "1111111111111 4222222222222 counts",
    # Papers, software, addresses in memory
    "10.1103/PhysRevD.93.044006 arXiv:1602.03837 2016PhRvL.116f1102A ISBN 978-0-521-88068-8",
    "doi:10.1051/0004-6361/202243940, ISSN 0004-6361, ORCID 0000-0002-1825-0097",
    "v1.2.3.4 version 10.15.7.1 section 4.3.2.1 firmware 12.10.255.3 torch==2.13.0.1",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 2962627a1b5c8e9d0f3a4b6c7d8e9f0a1b2c3d4e",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "std::vector<int> a::b 0xDEADBEEF 00:1A:2B:3C:4D:5E",
    "/data/sentinel2/S2A_MSIL2A_20240115T103411_N0510_R108_T32UQD_20240115T150800.SAFE",
    "LC08_L2SP_193024_20240110_20240122_02_T1 MOD09GA.A2024015.h18v03.061.2024017035247",
    "https://ssd-api.jpl.nasa.gov/cad.api?dist-max=0.05&date-min=2026-01-01&sort=dist",
    "class HierarchicalTransformerEncoderLayerWithRotaryEmbedding2D",
    "token count: 1048576; secret of the Moon; password: required; api key rotation weekly",
    "max_new_tokens=4096 tokenizer=sentencepiece num_tokens: 123456789",
    # Telemetry and operations
    "BATT_V 28.14 WHEEL_RPM +02345 TEMP -12.5 ERR 0x1F3 CNT 000123456",
    "call sign N7LUF, phone home mission, mobile launcher 1, fax of 1969",
    "Uplink 2025-2110 MHz, downlink 2200-2290 MHz, S-band 2087.5",
    "launch 2024-01-15 10:34 from 28.5623 N 80.5774 W, 5 000 kg, EUR 12 345 678",
    "part number 123-4567-890, drawing 12-345-6789-A, lot 555-12",
    "AB 12 34 56 78, GB 12 34 56 A, flight ZZ123456A",
    "user@localhost, @handle, 3 @ 5 V",
    "PESEL and BSN are numbers of people; the tax id is one as well",
]


def kinds(text):
    return {span.kind for span in find_pii(text)}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts]
)
def test_personal_data_and_secrets_are_found(kind, text):
    assert kinds(text) == {kind}


@pytest.mark.parametrize("text", CLEAN)
def test_the_numbers_and_names_of_the_sky_are_left_alone(text):
    assert not [text[span.start : span.end] for span in find_pii(text)]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "SSN 666-09-9999",
        "255081416802539",
        "DNI 12345678A",
        "IdNr 86095742718",
        "RSSMRA85T10A562T",
        "529.982.247-26",
        "PESEL 44051401358",
        "BSN 111222334",
        "personnummer 811218-9877",
        "personnummer 819918-9876",
    ],
)
def test_a_wrong_check_digit_is_nobodys_number(text):
    assert not kinds(text)


def test_only_the_secret_is_blacked_out_not_the_word_before_it():
    assert redact("password = T7kq9zLm2pQ end") == "password = [token] end"
    assert redact("ask a@b.org or +1 202 555 0173") == "ask [email] or [phone]"


def test_spans_are_in_order_and_apart():
    text = "a@b.org 4111111111111111 c@d.org 192.0.2.1"
    spans = find_pii(text)
    assert [span.kind for span in spans] == ["email", "card", "email", "ip"]
    assert all(one.end <= two.start for one, two in pairwise(spans))


@given(st.text(max_size=300))
def test_what_was_blacked_out_stays_so_and_nothing_breaks(text):
    once = redact(text)
    assert redact(once) == once


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_as_python_writes_them_are_clean(numbers):
    assert not kinds(", ".join(map(repr, numbers)))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=10), st.integers(0, 9))
def test_columns_of_signed_numbers_are_clean(numbers, digits):
    assert not kinds(" ".join(f"{x:+.{digits}f}" for x in numbers if abs(x) > 1e-3 or digits > 2))


@given(st.floats(0, 24, exclude_max=True), st.floats(-90, 90), st.integers(0, 3))
def test_sexagesimal_coordinates_are_clean(hours, degrees, digits):
    def written(x):
        seconds = round(abs(x) * 3600 % 60, digits)
        return f"{int(abs(x)):02d} {int(abs(x) * 60 % 60):02d} {seconds:0{digits + 3}.{digits}f}"

    assert not kinds(f"{written(hours)} {'+' if degrees > 0 else '-'}{written(degrees)}")


@given(st.integers(10**16, 7 * 10**18))
def test_identifiers_of_gaia_are_no_cards(number):
    assert not kinds(f"Gaia DR3 {number}")


def test_a_long_text_of_one_letter_is_read_in_one_pass():
    assert not kinds("a" * 200_000 + "1")


@pytest.fixture
def frame():
    return pl.DataFrame(
        {
            "note": ["mail a@b.org", "mail a@b.org", None, "nothing"],
            "chat": [[{"role": "user", "said": "I am c@d.org"}], [], None, []],
        }
    )


def test_findings_are_counted_by_column_and_kind(frame):
    same, told = pass_over(frame, ["note", "chat"], "keep")
    assert told["found"] == {"note": {"email": 2}, "chat": {"email": 1}}
    assert same.equals(frame)


def test_texts_within_lists_and_structures_are_blacked_out_too(frame):
    cleared, _ = pass_over(frame, ["note", "chat"], "redact")
    assert cleared["note"].to_list() == ["mail [email]", "mail [email]", None, "nothing"]
    assert cleared["chat"][0][0]["said"] == "I am [email]"
    assert cleared.schema == frame.schema


def test_a_refusal_says_what_is_where_but_not_whose(frame):
    with pytest.raises(InputError, match=r"\(note: 2 email; chat: 1 email\)") as told:
        pass_over(frame, ["note", "chat"], "refuse")
    assert "b.org" not in str(told.value)
