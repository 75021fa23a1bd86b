"""A content filter of rules: what it refuses, and why. It is a sieve, not a guarantee.

Rules see words, not meaning: they miss what is said in other words or in another language, and they
stop some harmless texts. What they catch and miss on a small set of sentences is measured in the
tests and told in the manual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skywright.errors import SkywrightError
from skywright.foundry.data.pii import find_pii, redact
from skywright.foundry.serve.rows import Sorted

PERSONAL = "personal data"
TOO_LONG = "too long to be looked through"

_ORDER = r"(?:ignore|disregard|forget|override|bypass)"
_MAKE = r"(?:build|make|making|construct|assemble|synthesi[sz]e|produce|cook|brew|prepare)"
_ARMS = (
    r"(?:(?:pipe|nail|petrol|fertili[sz]er|dirty|car|home-?made)[ -]?bombs?|bombs?|explosives?|"
    r"i\.?e\.?d\.?s?|molotov(?: cocktail)?s?|nerve (?:gas|agent)s?|sarin|vx gas|mustard gas|ricin|"
    r"anthrax|napalm|ghost guns?|silencers?)"
)
_HOW = r"(?:how (?:do i|can i|do you|to|would (?:i|one))|instructions? (?:for|to|on)|recipe for|teach me|steps to|guide to)"  # fmt: skip  # noqa: E501

_RULES: dict[str, tuple[re.Pattern[str], ...]] = {
    "prompt injection": tuple(
        re.compile(text, re.I)
        for text in (
            (
                rf"\b{_ORDER}\b[^.\n]{{0,40}}\b(?:previous|prior|above|earlier|preceding|your)\b"
                r"[^.\n]{0,20}\b(?:instructions?|prompts?|rules|guidelines|directions|training)\b"
            ),
            (
                r"\b(?:reveal|print|show|repeat|output|tell me)\b[^.\n]{0,30}"
                r"\b(?:system|hidden|initial|secret) (?:prompt|instructions?|message)\b"
            ),
            (
                r"\byou are (?:now|no longer)\b[^.\n]{0,40}"
                r"\b(?:dan|unrestricted|jailbroken|bound|without (?:any )?(?:rules|limits))\b"
            ),
            (
                r"\b(?:enable|enter|activate|switch to)\b[^.\n]{0,20}"
                r"\b(?:developer|jailbreak|dan|god) mode\b"
            ),
            r"<\|(?:im_start|im_end|system|endoftext)\|>|\[/?INST\]|<</?SYS>>",
            r"^\s*(?:###\s*)?system\s*:\s*\S",
            r"\bpretend (?:that )?(?:you have|there are) no (?:rules|restrictions|filters|limits)",
        )
    ),
    "weapons": (
        re.compile(rf"\b{_HOW}\b[^.\n]{{0,40}}\b{_MAKE}?\b[^.\n]{{0,25}}\b{_ARMS}\b", re.I),
        re.compile(rf"\b{_MAKE} (?:a|an|my|some|your)?\s*{_ARMS}\b(?! detector| disposal)", re.I),
        re.compile(rf"\b{_ARMS}\b[^.\n]{{0,20}}\b(?:at home|from household)", re.I),
    ),
    "self-harm": tuple(
        re.compile(text, re.I)
        for text in (
            r"\b(?:kill|hang|hurt|cut|harm|poison|drown) myself\b",
            r"\b(?:want|going|plan|ready|wish) to (?:die|end (?:it all|my life))\b",
            r"\b(?:commit|attempt|methods? of|ways? to commit|how to commit) suicide\b",
            r"\bpainless(?:ly)? (?:way )?to (?:die|end my life)\b",
            r"\bsuicide (?:method|note|pact)s?\b",
        )
    ),
}
_PIECE, _OVERLAP = 8_000, 300  # no rule spans more than 200 characters
_LONGEST = 200_000  # characters; about a second of work if it was made to hurt
_BLANKS = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")


class FilteredError(SkywrightError):
    """The content filter refused a text."""

    http_status = 422
    code = "filtered"

    def __init__(self, place: str, found: Sequence[tuple[str, str]]) -> None:
        self.reasons = tuple(dict.fromkeys(reason for _, reason in found))
        names = ", ".join(dict.fromkeys(name for name, _ in found))
        super().__init__(
            f"The content filter refused {place} ({names}): {', '.join(self.reasons)}.",
            hint="It goes by rules and may be wrong; the endpoint's owner can switch it off.",
        )


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """What the filter says of one text."""

    reasons: tuple[str, ...]
    """Rules that it broke; ``personal data`` alone does not refuse a text."""
    personal: tuple[str, ...] = ()
    """Kinds of personal data found, such as ``email``."""

    @property
    def allowed(self) -> bool:
        """Whether the text may pass."""
        return not set(self.reasons) - {PERSONAL}


def judge_text(text: str) -> FilterVerdict:
    """Look through one text; invisible characters do not hide a word."""
    if len(text) > _LONGEST:
        return FilterVerdict((TOO_LONG,))
    plain = _BLANKS.sub("", text)
    reasons = [name for name, rules in _RULES.items() if _broken(rules, plain)]
    personal = tuple(sorted({span.kind for span in find_pii(plain)}))
    return FilterVerdict((*reasons, PERSONAL) if personal else tuple(reasons), personal)


def _broken(rules: tuple[re.Pattern[str], ...], text: str) -> bool:
    """Search piece by piece, as a search keeps all other threads waiting."""
    starts = range(0, max(len(text), 1), _PIECE)
    pieces = (text[start : start + _PIECE + _OVERLAP] for start in starts)
    return any(rule.search(piece) for piece in pieces for rule in rules)


def refused_reasons(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return field and reason of every text of a row that is refused."""
    return [
        (name, reason)
        for name, text in row.items()
        if isinstance(text, str)
        for reason in judge_text(text).reasons
        if reason != PERSONAL
    ]


def refuse_row(row: Mapping[str, Any], place: str) -> None:
    """Refuse a row of which a text breaks a rule.

    Raises
    ------
    FilteredError
        Names field and rules.
    """
    found = refused_reasons(row)
    if found:
        raise FilteredError(place, found)


def without_personal(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with personal data in its texts replaced by their kind."""
    return {name: redact(value) if isinstance(value, str) else value for name, value in row.items()}


def screened(rows: Sequence[Mapping[str, Any]], place: str) -> list[dict[str, Any]]:
    """Return rows without personal data; raises FilteredError if a text breaks a rule."""
    for row in rows:
        refuse_row(row, place)
    return [without_personal(row) for row in rows]


def judged_rows(fit: Sorted) -> Sorted:
    """Move the rows of a batch that the filter refuses to its errors."""
    rows: list[dict[str, Any]] = []
    places: list[int] = []
    errors = list(fit.errors)
    for row, place in zip(fit.rows, fit.places, strict=True):
        try:
            refuse_row(row, f"rows[{place}]")
        except FilteredError as error:
            errors.append({"row": place, "message": error.message})
        else:
            rows.append(row)
            places.append(place)
    return Sorted(rows, places, sorted(errors, key=lambda one: int(one["row"])))
