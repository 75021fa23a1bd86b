"""Check digits: what tells a number that was given to somebody from any other number.

References
----------
ISO/IEC 7812-1 (Luhn), ISO 13616 with ISO/IEC 7064 MOD 97-10 (IBAN), ISO/IEC 7064 MOD 11,10; the
national rules are named beside their checks.
"""

from __future__ import annotations

import re

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD_OF_CODICE = (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
)  # fmt: skip
_CARDS = re.compile(
    r"4\d{12}|4\d{15}|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:6011|65\d\d|64[4-9]\d)\d{12}|35\d{14}|62\d{14}"
)
"""Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay, by first digits and
length. Visa numbers of 19 digits are hardly given out, and Gaia source identifiers look like them.
"""


def digits_of(text: str) -> list[int]:
    """Return the digits of a text."""
    return [int(c) for c in text if c in "0123456789"]


def luhn(digits: list[int]) -> bool:
    """Tell whether the last digit is the check digit of Luhn's rule."""
    doubled = [d * 2 if k % 2 else d for k, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def card(text: str) -> bool:
    """Tell whether a number is a payment card's: issuer, length and check digit."""
    digits = digits_of(text)
    plain = "".join(map(str, digits))
    return bool(_CARDS.fullmatch(plain)) and luhn(digits)


def iban(text: str) -> bool:
    """Tell whether an account number has the right rest modulo 97."""
    plain = re.sub(r"\s", "", text).upper()
    turned = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def us_social_security(text: str) -> bool:
    """Check a US number by the areas, groups and serials never given out (SSA, 2011)."""
    area, group, serial = text.split("-")
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def uk_national_insurance(text: str) -> bool:
    """Check the prefix of a British number, which has no check digit (HMRC, NIM39110)."""
    return text[:2].upper() not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def french_nir(text: str) -> bool:
    """Check a French number by its key, 97 minus the rest (INSEE)."""
    plain = re.sub(r"\s", "", text).upper().replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and 97 - int(plain[:13]) % 97 == int(plain[13:])


def spanish_dni(text: str) -> bool:
    """Check a Spanish DNI or NIE by its letter (Real Decreto 1553/2005); dates are none."""
    plain = re.sub(r"[\s-]", "", text).upper()
    if re.match(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])Z", plain):
        return False
    number = plain[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _DNI_LETTERS[int(number) % 23] == plain[-1]


def german_tax_id(text: str) -> bool:
    """Check a German number: one digit twice or thrice, then MOD 11,10 (BZSt)."""
    digits = digits_of(text)
    if len(digits) != 11 or digits[0] == 0:
        return False
    repeats = sorted(digits[:10].count(d) for d in set(digits[:10]))
    if repeats[-1] not in {2, 3} or (len(repeats) > 1 and repeats[-2] > 1):
        return False
    product = 10
    for digit in digits[:10]:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == digits[10]


def italian_codice(text: str) -> bool:
    """Check an Italian code by its last letter (DM 23 December 1976)."""
    values = [int(c) if c.isdigit() else ord(c) - 65 for c in text.upper()]
    total = sum(_ODD_OF_CODICE[v] if k % 2 == 0 else v for k, v in enumerate(values[:15]))
    return values[15] == total % 26


def brazilian_cpf(text: str) -> bool:
    """Check a Brazilian number by its two digits modulo 11 (Receita Federal)."""
    digits = digits_of(text)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(d * (length + 1 - k) for k, d in enumerate(digits[:length]))
        if total * 10 % 11 % 10 != digits[length]:
            return False
    return True


def polish_pesel(text: str) -> bool:
    """Check a Polish number by its weights (Ustawa o ewidencji ludności)."""
    digits = digits_of(text)
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return len(digits) == 11 and sum(w * d for w, d in zip(weights, digits, strict=True)) % 10 == 0


def dutch_bsn(text: str) -> bool:
    """Check a Dutch number by the test of eleven (Besluit burgerservicenummer)."""
    digits = digits_of(text)
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return len(digits) == 9 and sum(w * d for w, d in zip(weights, digits, strict=True)) % 11 == 0


def swedish_number(text: str) -> bool:
    """Check a Swedish number: a date of birth, then Luhn's digit (Skatteverket, SKV 704)."""
    digits = digits_of(text)[-10:]
    month, day = 10 * digits[2] + digits[3], 10 * digits[4] + digits[5]
    return 1 <= month <= 12 and 1 <= day <= 31 and luhn(digits)
