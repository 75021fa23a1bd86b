"""Personal data in texts: recognised by pattern and, wherever there is one, by check digit.

Written for texts about space: element sets, designations, times and coordinates are full of digits
that look like telephone and card numbers, so a bare run of digits is never enough.

References
----------
ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN, modulus 97 of ISO/IEC 7064), RFC 5322 (addresses), RFC 7519
(JSON Web Tokens); national rules are named beside their checks.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from skywright.errors import InputError

_LEAST_ENTROPY_BITS = 4.2  # of a character of a random token; English and identifiers stay below 4
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


@dataclass(frozen=True, slots=True)
class Span:
    """One finding in a text."""

    kind: str
    """What it is, such as ``email``."""
    start: int
    """Index of its first character."""
    end: int
    """Index after its last one."""


def _always(_: str) -> bool:
    return True


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    return sum(d - 9 if d > 9 else d for d in _alternate(digits)) % 10 == 0


def _alternate(digits: Sequence[int]) -> Iterator[int]:
    """Double every second digit from the right."""
    for k, digit in enumerate(reversed(digits)):
        yield digit * 2 if k % 2 else digit


def _iban(text: str) -> bool:
    plain = re.sub(r"\s", "", text).upper()
    turned = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _social_security(text: str) -> bool:
    """Check a US number by the areas, groups and serials never given out (SSA, 2011)."""
    area, group, serial = text.split("-")
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _nir(text: str) -> bool:
    """Check a French number by its key, 97 minus the rest (INSEE)."""
    plain = re.sub(r"\s", "", text).upper().replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and 97 - int(plain[:13]) % 97 == int(plain[13:])


def _dni(text: str) -> bool:
    """Check a Spanish number by its letter (Real Decreto 1553/2005)."""
    return _DNI_LETTERS[int(text[:8]) % 23] == text[-1].upper()


def _random(text: str) -> bool:
    """Tell whether a token looks drawn at random: mixed, and of high entropy."""
    value = text.rpartition("=")[2].rpartition(":")[2].strip(" '\"")
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return mixed and bits >= min(_LEAST_ENTROPY_BITS, math.log2(len(value)) - 0.6)


_Check = Callable[[str], bool]
_RECOGNISERS: tuple[tuple[str, re.Pattern[str], _Check], ...] = (
    (
        "private_key",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.S
        ),
        _always,
    ),
    (
        "email",
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?![\w-])"),
        _always,
    ),
    ("token", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"), _always),
    ("token", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), _always),
    ("token", re.compile(r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}\b"), _always),
    ("token", re.compile(r"\bgithub_pat_\w{60,}"), _always),
    (
        "token",
        re.compile(r"\b(?:hf_[A-Za-z]{30,}|sk-[\w-]{20,}|sky_[\w-]{43}|xox[abprs]-[\w-]{10,})"),
        _always,
    ),
    (
        "token",
        re.compile(
            r"(?i)\b(?:api[_-]?key|secret|token|passw(?:or)?d)\b['\"]?\s*[:=]\s*['\"]?[\w/+=.-]{12,}"
        ),
        _random,
    ),
    (
        "iban",
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
        _iban,
    ),
    (
        "card",
        re.compile(
            r"(?<![\d.+-])(?:\d{4}[ -]){3}\d{1,7}(?![\d.])|(?<![\d.+-])[3-6]\d{12,18}(?![\d.])"
        ),
        _luhn,
    ),
    ("national_id", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"), _social_security),
    (
        "national_id",
        re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
        _always,
    ),
    (
        "national_id",
        re.compile(r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b"),
        _nir,
    ),
    ("national_id", re.compile(r"\b\d{8}-?[A-HJ-NP-TV-Z]\b"), _dni),
    (
        "phone",
        re.compile(
            r"(?<![\w.+-])\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?"
            r"\d{2,4}(?:[ .-]?\d{2,4}){1,4}(?![\w.])"
        ),
        lambda text: 8 <= sum(c.isdigit() for c in text) <= 15 and _grouped(text),
    ),
    ("phone", re.compile(r"(?<![\w.])\(\d{3}\) ?\d{3}-\d{4}(?![\w.])"), _always),
    (
        "phone",
        re.compile(r"(?i)\b(?:tel|phone|fax|mobile|call)\b[.:]?\s*[+(]?\d[\d ()/.-]{6,18}\d"),
        _always,
    ),
    ("ip", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"), _address),
    (
        "ip",
        re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,6}(?![\w:])"),
        _address,
    ),
)


def _grouped(text: str) -> bool:
    """Tell a number written in groups, or long enough without, from a signed quantity."""
    return any(c in " .-(" for c in text) or sum(c.isdigit() for c in text) >= 11


def find_pii(text: str) -> list[Span]:
    """Return what looks like personal data or a secret, in order, without overlaps."""
    taken: list[Span] = []
    for kind, pattern, check in _RECOGNISERS:
        for match in pattern.finditer(text):
            free = all(match.end() <= s.start or match.start() >= s.end for s in taken)
            if free and check(match.group()):
                taken.append(Span(kind, match.start(), match.end()))
    return sorted(taken, key=lambda span: span.start)


def redact(text: str) -> str:
    """Return the text with each finding replaced by its kind in brackets."""
    for span in reversed(find_pii(text)):
        text = f"{text[: span.start]}[{span.kind}]{text[span.end :]}"
    return text


def pass_over(
    frame: pl.DataFrame, columns: Sequence[str], way: Literal["refuse", "redact", "keep"]
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Look through the texts of a table.

    Parameters
    ----------
    frame : polars.DataFrame
        The table.
    columns : sequence of str
        Its text columns.
    way : str
        ``refuse`` raises, ``redact`` replaces, ``keep`` only counts.

    Returns
    -------
    polars.DataFrame, dict
        The table, and counts by column and kind.

    Raises
    ------
    InputError
        If something was found and ``way`` is ``refuse``.
    """
    counts: dict[str, dict[str, int]] = {}
    for name in columns:
        texts = frame[name].unique().drop_nulls().to_list()
        found = {text: find_pii(text) for text in texts}
        kinds = Counter(span.kind for spans in found.values() for span in spans)
        if not kinds:
            continue
        counts[name] = dict(kinds)
        if way == "redact":
            clean = {text: redact(text) for text, spans in found.items() if spans}
            frame = frame.with_columns(pl.col(name).replace(clean))
    if counts and way == "refuse":
        told = "; ".join(
            f"{name}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items())
            for name, kinds in counts.items()
        )
        message = f"The data hold what looks like personal data or secrets ({told})."
        raise InputError(message, hint="Set prepare.pii = 'redact', or 'keep' if they may stay.")
    return frame, {"way": way, "found": counts}
