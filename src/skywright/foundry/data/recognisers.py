"""Recognisers of personal data and secrets: a pattern, and a check of what it found.

Written for texts about space: element sets, designations, identifiers of sources, times and
coordinates are full of digits that look like telephone and card numbers, so a bare run of digits
is never enough. A number without a check digit needs a word that says what it is.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from skywright.foundry.data import check_digits as checks

_LEAST_ENTROPY_BITS = 4.2  # a character of a random token; English and identifiers stay below 4
_HEX_ENTROPY_BITS = 3.0  # the same of hexadecimal digits, which hold at most 4
_BARE_ENTROPY_BITS = 4.0  # the same where no word says that it is a secret
_LEAST_CHANGES = 0.45
_CALLING_CODES = re.compile(
    r"1|7|2[07]|3[0-4]|36|39|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-69]\d|3[578]\d|42\d|50\d|59\d|6[789]\d|80\d|85\d|87\d|88\d|96\d|97\d|99\d"
)
"""Country calling codes (ITU-T E.164, list of assigned codes)."""
_HEX = re.compile(r"[0-9A-Fa-f]+")
_SEXAGESIMAL = re.compile(r"\+\d{1,3}[ .]\d{1,2}[ .]\d{1,2}(?:\.\d+)?")
_NO_ADDRESS = re.compile(
    r"(?i)(?:\bv|ver\.?|version|release|section|sec\.|§|table|figure|fig\.|eq\.|firmware|rev\.?|"
    r"[=><~^]=?)\s*$"
)
_KEYWORDS = (
    r"(?:api[_-]?key|access[_-]?key|secret|token|passw(?:or)?d|passphrase|credential)[\w-]{0,30}"
)

Check = Callable[[re.Match[str]], bool]


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One kind of finding."""

    kind: str
    """What it finds."""
    pattern: re.Pattern[str]
    """Where it may be; the group ``found``, if there is one, is the finding itself."""
    check: Check
    """Whether it is."""

    def span(self, match: re.Match[str]) -> tuple[int, int]:
        """Return where the finding lies."""
        return match.span("found" if "found" in self.pattern.groupindex else 0)


def _always(_: re.Match[str]) -> bool:
    return True


def _whole(test: Callable[[str], bool]) -> Check:
    return lambda match: test(match.groupdict().get("found") or match.group())


def _bits(text: str) -> float:
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def _secret(value: str) -> bool:
    """Tell whether a value looks drawn at random rather than written: mixed, of high entropy."""
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    most = _HEX_ENTROPY_BITS if _HEX.fullmatch(value) else _LEAST_ENTROPY_BITS
    return mixed and _bits(value) >= min(most, math.log2(len(value)) - 0.6)


def _bare_secret(value: str) -> bool:
    """Tell a random token from hashes in hexadecimal, identifiers and words run together.

    Of neighbours in a random token of letters and digits 62 percent differ in being upper case,
    lower case or a digit; in words run together about a third.
    """
    if not (any(c.isdigit() for c in value) and value.lower() != value != value.upper()):
        return False
    of_kind = [c.isdigit() + 2 * c.isupper() for c in value]
    changes = sum(one != other for one, other in pairwise(of_kind)) / (len(value) - 1)
    return changes >= _LEAST_CHANGES and _bits(value) >= _BARE_ENTROPY_BITS


def _card(match: re.Match[str]) -> bool:
    """Check a card number that is no part of a longer row of numbers."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    alone = not re.search(r"\d[ -]?$", before) and not re.match(r"[ -]?\d", after)
    return alone and checks.card(match.group())


def _phone(match: re.Match[str]) -> bool:
    """Tell an international number from signed quantities and declinations."""
    text = match.group()
    digits = "".join(map(str, checks.digits_of(text)))
    if not 8 <= len(digits) <= 15 or not _CALLING_CODES.match(digits):
        return False
    groups = re.findall(r"\d+", text)
    number = len(groups) > 1 and (len(groups[0]) > 3 or ("." in text and " " in text))
    if number or _SEXAGESIMAL.fullmatch(text) or re.fullmatch(r"\+\d+\.\d+", text):
        return False
    return len(digits) >= 10 or any(c in text for c in " -(")


def _national_phone(match: re.Match[str]) -> bool:
    return 7 <= len(checks.digits_of(match.group("found"))) <= 15


def _address(match: re.Match[str]) -> bool:
    """Tell an internet address from a version or a section number."""
    if _NO_ADDRESS.search(match.string[max(0, match.start() - 12) : match.start()]):
        return False
    try:
        address = ipaddress.ip_address(match.group())
    except ValueError:
        return False
    small = address.version == 4 and all(int(part) < 10 for part in match.group().split("."))
    return not (address.is_loopback or address.is_unspecified or small)


def _of(kind: str, pattern: str, check: Check = _always) -> Recogniser:
    return Recogniser(kind, re.compile(pattern), check)


def _said(kind: str, words: str, number: str, test: Callable[[str], bool]) -> Recogniser:
    """Recognise a number only beside a word that says what it is."""
    pattern = rf"(?i)(?<![^\W_])(?:{words})\b[^\d\n]{{0,20}}?(?P<found>{number})(?!\d)"
    return Recogniser(kind, re.compile(pattern), _whole(test))


RECOGNISERS: tuple[Recogniser, ...] = (
    _of(
        "private_key",
        r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
        r"(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)",
    ),
    _of("email", r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?![\w-])"),
    _of("token", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    _of("token", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    _of("token", r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{60,}"),
    _of(
        "token", r"\bglpat-[\w-]{20}\b|\bAIza[\w-]{35}\b|\bxox[abprs]-[\w-]{10,}|\bya29\.[\w-]{20,}"
    ),
    _of("token", r"\bhf_[A-Za-z]{30,}|\b[sr]k[_-](?:live_|test_|proj-|ant-)?[A-Za-z0-9_-]{20,}"),
    _of("token", r"\bsky_[\w-]{43}|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[\w-]{50,}"),
    _of(
        "token",
        rf"(?i){_KEYWORDS}['\"]?\s*(?:[:=]|\bis\b)\s*['\"]?(?P<found>[^\s'\",;]{{8,}})",
        _whole(_secret),
    ),
    _of("token", r"(?<![\w/+.=-])(?P<found>[\w/+-]{32,}={0,2})(?![\w/+-])", _whole(_bare_secret)),
    _of(
        "iban",
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
        _whole(checks.iban),
    ),
    _of(
        "card",
        r"(?<![\w.+-])(?:(?:\d{4}[ -]){3}\d{4}|3\d{3}[ -]\d{6}[ -]\d{4,5}|\d{13,16})(?![\w]|\.\d)",
        _card,
    ),
    _of("national_id", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", _whole(checks.us_social_security)),
    _of(
        "national_id",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
        _whole(checks.uk_national_insurance),
    ),
    _of(
        "national_id",
        r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b",
        _whole(checks.french_nir),
    ),
    _of("national_id", r"\b(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]\b", _whole(checks.spanish_dni)),
    _of("national_id", r"\b\d{2} \d{3} \d{3} \d{3}\b", _whole(checks.german_tax_id)),
    _of(
        "national_id",
        r"\b[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b",
        _whole(checks.italian_codice),
    ),
    _of("national_id", r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b", _whole(checks.brazilian_cpf)),
    _said(
        "national_id",
        "steuer-?id(?:entifikationsnummer)?|idnr|tax id",
        r"[\d ]{11,14}",
        checks.german_tax_id,
    ),
    _said("national_id", "pesel", r"\d{11}", checks.polish_pesel),
    _said("national_id", "bsn|burgerservicenummer", r"\d{9}", checks.dutch_bsn),
    _said(
        "national_id",
        "personnummer",
        r"(?:\d{2})?\d{6}[-+ ]?\d{4}",
        checks.swedish_number,
    ),
    _of(
        "phone",
        r"(?<![\w.+-])\+[1-9](?:(?: ?\(\d{1,4}\) ?|[ ./-])?\d){5,14}(?![\w]|\.\d)",
        _phone,
    ),
    _of("phone", r"(?<![\w.])\(\d{3}\) ?\d{3}-\d{4}(?![\w.])"),
    _of("phone", r"(?<![\w.+-])[2-9]\d\d-[2-9]\d\d-\d{4}(?![\w.-])"),
    _of(
        "phone",
        r"(?i)\b(?:tel|telephone|phone|fax|mobile|cell|call(?: me)?(?: at| on)?|whatsapp)"
        r"(?:\s+number)?\b[.:]?\s*(?:is\s+)?(?P<found>\+?\(?\d[\d ()/.-]{5,18}\d)(?![\d])",
        _national_phone,
    ),
    _of("ip", r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)", _address),
    _of(
        "ip",
        r"(?<![\w:.])(?=[0-9A-Fa-f:]*\d)[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{5,34}(?![\w:])",
        _address,
    ),
)
"""In the order in which they claim a text; the surer ones first."""
