"""Subjects that need no file: near-Earth objects that people ask about, and rankings of them."""

from __future__ import annotations

from skywright.assistant.examples.subject import Subject

_NEAR_EARTH = (
    "Apophis", "Bennu", "Itokawa", "Eros", "2024 YR4", "2022 AP7", "2022 OB5", "2023 DZ2",
    "2015 AB", "Ryugu", "Didymos", "Phaethon", "Icarus", "1950 DA", "Kamo'oalewa", "2010 TK7",
    "Geographos", "Toutatis", "Florence", "Aten", "Apollo", "Amor", "Cruithne", "2020 AV2",
    "2003 EH1", "Duende", "Golevka", "Castalia", "Nereus", "Moshup", "Sisyphus", "Atira",
    "Bacchus", "Adonis", "1998 OR2", "2001 SN263", "1997 XF11", "1998 KY26", "Toro", "Hathor",
    "Ganymed", "Don Quixote", "Oljato", "Midas", "Ra-Shalom", "Nyx", "2000 SG344", "2006 RH120",
    "2021 PH27", "2004 KH17",
)  # fmt: skip
"""Those that no catalogue of the installation has are refused, as their assessment fails."""
_COUNTS = ("two", "three", "four", "five")  # as many as a list of an example shows


def near_earth() -> list[Subject]:
    """Return near-Earth objects."""
    return [Subject(name, name) for name in _NEAR_EARTH]


def rankings() -> list[Subject]:
    """Return how many of the most unusual objects may be asked for."""
    return [
        Subject(f"{words} near-Earth objects", words, {"count": count, "words": f"the {words}"})
        for count, words in enumerate(_COUNTS, 2)
    ]
