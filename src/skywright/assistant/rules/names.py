"""Names of things in the sky and around the Earth, in the form that catalogues use."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from skywright.assistant.rules.reading import Reader

Kind = Literal["object", "exoplanet", "asteroid", "comet", "satellite", "planet"]

_BEFORE, _AFTER = r"(?<![\w.])", r"(?!\w|\.\d|-\d)"
_LISTED = ("objects", "asteroids", "comets", "satellites", "planets")
_SMALL_WORDS = frozenset(
    ["in", "to", "by", "on", "at", "of", "as", "an", "am", "be", "do", "go", "he", "me", "my", "no"]
)
_LAST_MESSIER = 110


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its usual form, with the kind of thing that bears it."""

    text: str
    kind: Kind
    start: int
    norad_id: int | None = None


_Form = Callable[[re.Match[str], Kind], "str | None"]


def names_in(reader: Reader) -> list[Name]:
    """Take the names, in the order in which they stand."""
    found: list[Name] = []
    for pattern, kind, form in _patterns():

        def read(match: re.Match[str], kind: Kind = kind, form: _Form = form) -> Name | None:
            text = form(match, kind)
            norad = match.groupdict().get("norad")
            return Name(text, kind, match.start(), int(norad) if norad else None) if text else None

        found += reader.take(pattern, kind, read)
    return sorted(found, key=lambda one: one.start)


@cache
def gazetteer() -> dict[str, Any]:
    """Return the everyday names by kind, as the data file has them."""
    return _read("gazetteer.toml")


def _read(name: str) -> dict[str, Any]:
    text = files("skywright.assistant.rules").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _tables() -> dict[str, Any]:
    return _read("names.toml")


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Kind, _Form], ...]:
    """Return pattern, kind and usual form, those that hold others first."""
    return tuple(
        (re.compile(rf"{_BEFORE}(?:{pattern}){_AFTER}", re.IGNORECASE), kind, form)
        for pattern, kind, form in _rows()
    )


def _rows() -> Iterator[tuple[str, Kind, _Form]]:
    tables = _tables()
    lists = {name: tables[name] for name in ("hosts", "greek", "stars", "series")}
    lists |= {name: _alternatives(name) for name in _LISTED}
    for row in tables["pattern"]:
        if row["form"] == "catalogues":
            yield from (_catalogue(*one) for one in tables["catalogues"])
            continue
        pattern = row["is"]
        for name, text in lists.items():
            pattern = pattern.replace(f"{{{name}}}", text)
        yield pattern, row["kind"], _FORMS[row["form"]]


def _catalogue(name: str, prefix: str, digits: str) -> tuple[str, Kind, _Form]:
    def form(match: re.Match[str], kind: Kind) -> str | None:
        number: str = match["digits"]
        if prefix == "M" and int(number) > _LAST_MESSIER:
            return None
        # One letter behind the digits is a capital; more stay small, as in SN 2011fe.
        return prefix + (number.upper() if re.fullmatch(r"\d+[A-Za-z]", number) else number)

    return rf"(?:{name})(?: ?- ?| )?(?P<digits>{digits})", "object", form


def _alternatives(listed: str) -> str:
    names = sorted(gazetteer()[listed], key=len, reverse=True)
    return "|".join(re.escape(one).replace(r"\ ", " ").replace("'", "'?") for one in names)


def _usual(text: str, listed: str) -> str:
    def folded(name: str) -> str:
        return name.replace("'", "").lower()

    return next(str(one) for one in gazetteer()[listed] if folded(one) == folded(text))


def _gaia(match: re.Match[str], _kind: Kind) -> str:
    text = re.sub(r" ?(EDR|DR) ?(\d) ?", r" \1\2 ", match[0].upper())
    return text.replace("GAIA", "Gaia")


def _survey(match: re.Match[str], _kind: Kind) -> str:
    return re.sub(r"[ -]*J ?", " J", match[0].upper(), count=1)


def _exoplanet(match: re.Match[str], _kind: Kind) -> str:
    host, letter = match[0][:-1].strip(), match[0][-1]
    known = [one for one in names_in(Reader(host)) if one.kind == "object"]
    return f"{known[0].text if len(known) == 1 else host} {letter}"


def _planet_of_star(match: re.Match[str], _kind: Kind) -> str:
    star, _, letter = match[0].rpartition(" ")
    is_proxima = star.lower().startswith("proxima")
    return f"{'Proxima Cen' if is_proxima else _titled(star)} {letter}"


def _star(match: re.Match[str], _kind: Kind) -> str | None:
    first, _, rest = match[0].partition(" ")
    if first.isdigit() or first.lower() in _tables()["greek"].split("|"):
        return f"{_titled(first)} {_titled(rest)}"
    if first.isalpha() and not first.isupper():
        return None  # "in Leonis" is no star
    return f"{first.upper()} {_titled(rest)}"


def _titled(text: str) -> str:
    return " ".join(one if one[:1].isupper() else one.capitalize() for one in text.split())


def _comet(match: re.Match[str], _kind: Kind) -> str:
    return re.sub(r"(?i)^comet ", "", match[0]).replace("/ ", "/")


def _designation(match: re.Match[str], _kind: Kind) -> str | None:
    code = match["code"]
    if not match["rest"] and (not code.isupper() or code.lower() in _SMALL_WORDS):
        return None  # "since 2020 to" is no asteroid
    number = f"{match['number']} " if match["number"] else ""
    return f"{number}{match['year']} {code.upper()}{match['rest']}"


def _numbered(match: re.Match[str], _kind: Kind) -> str:
    number: str = match["number"]
    return f"{number} {match['name']}" if match["name"] else number


_FORMS: dict[str, _Form] = {
    "as_gaia": _gaia,
    "as_survey": _survey,
    "as_exoplanet": _exoplanet,
    "as_planet_of_star": _planet_of_star,
    "as_star": _star,
    "as_comet": _comet,
    "as_designation": _designation,
    "as_numbered": _numbered,
    "as_known_number": lambda match, _: f"{match['number']} {_usual(match['name'], 'asteroids')}",
    "as_written": lambda match, _: str(match["name"]),
    "as_norad": lambda match, _: str(match["norad"]),
    "as_series": lambda match, _: " ".join(match[0].split()),
    "as_capitals": lambda match, _: match[0].upper(),
    "as_listed": lambda match, kind: _usual(match["name"], f"{kind}s"),
}
