"""Launches of three services in one form: name, date, provider, rocket, outcome, site."""

from __future__ import annotations

import re

import polars as pl

from skywright.errors import InputError

COLUMNS = ("name", "date_utc", "provider", "rocket", "outcome", "site")
"""Columns of every table of launches."""

_AGENCIES = {
    "SPX": "SpaceX", "CALT": "CASC (CALT)", "SAST": "CASC (SAST)", "FKA": "Roskosmos",
    "AE": "Arianespace", "ULAL": "United Launch Alliance", "ULAB": "United Launch Alliance",
    "VVKO": "Russian Aerospace Forces", "KVR": "Russian Aerospace Forces", "ISRO": "ISRO",
    "RLABN": "Rocket Lab", "RLABU": "Rocket Lab", "KHRU": "Khrunichev",
    "ILSK": "International Launch Services", "MHI": "Mitsubishi Heavy Industries",
    "EXPACE": "ExPace", "STSM": "Starsem", "XIDO": "Galactic Energy", "JAXA": "JAXA",
    "OSC": "Orbital Sciences", "NGIS": "Northrop Grumman", "NGISC": "Northrop Grumman",
    "IRSA": "Iranian Space Agency", "NSIL": "NewSpace India", "ASTRV": "Astra",
    "ELUS": "Arianespace", "VORB": "Virgin Orbit", "EUROK": "Eurockot", "KARI": "KARI",
    "LANDSP": "LandSpace", "FFLY": "Firefly", "ESA": "ESA", "ESA/AE": "Arianespace",
    "NASA": "NASA", "JSC/MSFC": "NASA", "JSC": "NASA", "RVSNR": "Russian rocket forces",
}  # fmt: skip
_SPOKEN = {
    "spacex": ("SpaceX",), "space x": ("SpaceX",), "ula": ("United Launch Alliance",),
    "united launch alliance": ("United Launch Alliance",), "rocketlab": ("Rocket Lab",),
    "casc": ("CASC",), "roscosmos": ("Roskosmos", "Roscosmos"), "isro": ("ISRO", "NewSpace India"),
    "indian space research organisation": ("ISRO", "Indian"), "jaxa": ("JAXA",),
    "northrop grumman": ("Northrop Grumman", "Orbital Sciences"), "mhi": ("Mitsubishi",),
}  # fmt: skip

_ROCKETS = {"long march": "chang zheng", "delta iv": "delta 4", "h2a": "h iia", "h 2a": "h iia"}
"""Words of speakers: of GCAT."""
_SPACEX_ROCKETS = {
    "5e9d0d95eda69955f709d1eb": "Falcon 1",
    "5e9d0d95eda69973a809d1ec": "Falcon 9",
    "5e9d0d95eda69974db09d1ed": "Falcon Heavy",
    "5e9d0d96eda699382d09d1ee": "Starship",
}


def providers_meant(provider: str) -> tuple[str, ...]:
    """Return the names that stand for a provider, such as ``ULA``; itself where none is known."""
    return _SPOKEN.get(plain(provider), (provider.strip(),) if provider.strip() else ())


def plain(text: str) -> str:
    """Return small letters and digits with single blanks, as names are compared."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def rockets_meant(rocket: str) -> tuple[str, ...]:
    """Return how a rocket may be called, plain: ``long march 5`` and ``chang zheng 5``."""
    told = plain(rocket)
    others = (
        word.join(told.split(spoken, 1)) for spoken, word in _ROCKETS.items() if spoken in told
    )
    return (told, *others) if told else ()


def unified(table: pl.DataFrame, service: str) -> pl.DataFrame:
    """Return launches in the columns `COLUMNS`, one row each.

    Raises
    ------
    InputError
        If no such service is known.
    """
    if service == "gcat":
        return _gcat(table)
    if service == "spacex":
        return _spacex(table)
    if service == "launch-library":
        return _launch_library(table)
    message = f"Launches of {service!r} cannot be read; choose gcat, spacex or launch-library."
    raise InputError(message)


def _gcat(table: pl.DataFrame) -> pl.DataFrame:
    """GCAT has a line for each object on board: the first is told, and how many more there are."""
    launches = table.group_by("launch_tag", maintain_order=True).agg(
        pl.col("payload_name").fill_null(pl.col("name")).first().alias("first"),
        pl.len().alias("objects"),
        pl.col("launch_date_utc").first().alias("date_utc"),
        pl.col("agency_code").first(),
        pl.col("vehicle").first().alias("rocket"),
        pl.col("launch_code").first(),
        pl.col("site_code").first().alias("site"),
    )
    agency = pl.col("agency_code").str.strip_chars_end("?")
    more = pl.format("{} and {} more", "first", pl.col("objects") - 1)
    code = pl.col("launch_code").str.slice(1, 1)
    return launches.select(
        pl.when(pl.col("objects") > 1).then(more).otherwise("first").alias("name"),
        "date_utc",
        agency.replace(_AGENCIES).alias("provider"),
        "rocket",
        pl.when(code == "S").then(pl.lit("success"))
        .when(code == "F").then(pl.lit("failure"))
        .otherwise(pl.lit("unknown")).alias("outcome"),
        "site",
    )  # fmt: skip


def _spacex(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(
        "name",
        pl.col("date_utc"),
        pl.lit("SpaceX").alias("provider"),
        pl.col("rocket_id").replace(_SPACEX_ROCKETS).alias("rocket"),
        pl.when(pl.col("upcoming")).then(pl.lit("never brought up to date"))
        .when(pl.col("success")).then(pl.lit("success"))
        .when(~pl.col("success")).then(pl.lit("failure"))
        .otherwise(pl.lit("unknown")).alias("outcome"),
        pl.lit(None, pl.String).alias("site"),
    )  # fmt: skip


def _launch_library(table: pl.DataFrame) -> pl.DataFrame:
    status = pl.col("status").str.to_lowercase().fill_null("")
    return table.select(
        pl.col("mission").fill_null(pl.col("name")).alias("name"),
        pl.col("net_utc").alias("date_utc"),
        "provider",
        "rocket",
        pl.when(status.str.contains("partial")).then(pl.lit("partial failure"))
        .when(status.str.contains("success")).then(pl.lit("success"))
        .when(status.str.contains("fail")).then(pl.lit("failure"))
        .otherwise(pl.lit("to come")).alias("outcome"),
        pl.col("location").alias("site"),
    )  # fmt: skip
