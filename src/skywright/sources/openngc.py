"""OpenNGC: positions, types, magnitudes and names of the New General Catalogue, without a network.

References
----------
github.com/mattiaverga/OpenNGC, docs/NGC_guide.txt (columns and types).
"""

from __future__ import annotations

import difflib
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import polars as pl

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.cones import Cone, within
from skywright.sources.everyday_names import catalogued, everyday_names
from skywright.sources.object_names import key, keys, short_keys
from skywright.sources.records import unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="openngc",
    title="OpenNGC",
    url_setting="openngc_url",
    status="live",
    licence="CC BY-SA 4.0: credit Mattia Verga, OpenNGC; pass changes on under the same terms.",
    spdx="CC-BY-SA-4.0",
    citation="OpenNGC, Mattia Verga, https://github.com/mattiaverga/OpenNGC",
    documentation="https://github.com/mattiaverga/OpenNGC",
    checked="2026-11-20",
    fresh_s=86_400.0,
    most="whole files: 14,000 objects",
    remark="Once collected or installed, names are resolved from the files, without a network.",
    smallest="/addendum.csv",
)
FILES = ("NGC.csv", "addendum.csv")
"""Names of the files at their source."""

KINDS = {
    "*": "star", "**": "double star", "*Ass": "association of stars", "OCl": "open cluster",
    "GCl": "globular cluster", "Cl+N": "star cluster with nebulosity", "G": "galaxy",
    "GPair": "pair of galaxies", "GTrpl": "triplet of galaxies", "GGroup": "group of galaxies",
    "PN": "planetary nebula", "HII": "region of ionised hydrogen", "DrkN": "dark nebula",
    "EmN": "emission nebula", "Neb": "nebula", "RfN": "reflection nebula",
    "SNR": "supernova remnant", "Nova": "nova", "NonEx": "object that does not exist",
    "Dup": "entry that repeats another", "Other": "object of another kind",
}  # fmt: skip
"""Types in words."""

_NEEDED = ("Name", "Type", "RA", "Dec", "M", "NGC", "IC", "Identifiers", "Common names")
_NUMBERS = {
    "MajAx": "major_axis_arcmin", "MinAx": "minor_axis_arcmin", "PosAng": "position_angle_deg",
    "B-Mag": "b_mag", "V-Mag": "v_mag", "J-Mag": "j_mag", "H-Mag": "h_mag", "K-Mag": "k_mag",
    "Pax": "parallax_mas", "Pm-RA": "pm_ra_mas_yr", "Pm-Dec": "pm_dec_mas_yr",
    "RadVel": "radial_velocity_km_s", "Redshift": "redshift",
}  # fmt: skip
_TEXTS = {"Name": "name", "Const": "constellation", "Hubble": "hubble_type", "M": "messier",
          "NGC": "ngc", "IC": "ic", "Identifiers": "identifiers", "Common names": "common_names",
          "NED notes": "ned_notes", "OpenNGC notes": "notes"}  # fmt: skip
_LONGEST_NAME = 100
_COMMON = 4  # from this rank on a key is a common name, which others may use in another way
_BANDS = ("b", "v", "j", "h", "k")


@dataclass(frozen=True, slots=True)
class SkyObject:
    """An object and where it is."""

    name: str
    """The name it is best known by, such as ``M31``."""
    catalogue_name: str
    """Its entry in OpenNGC, such as ``NGC0224``."""
    ra_deg: float
    """Right ascension, ICRS [deg]."""
    dec_deg: float
    """Declination, ICRS [deg]."""
    kind: str
    """Type in words."""
    constellation: str = ""
    magnitudes: Mapping[str, float] = field(default_factory=dict)
    """By band: B, V, J, H, K."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Sizes, motions, redshift; the unit ends each name."""
    common_names: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    """Names in other catalogues."""
    also: tuple[str, ...] = ()
    """Further entries that go by the name asked for."""
    notes: str = ""
    licence: str = STATE.licence


def read_openngc(content: bytes) -> pl.DataFrame:
    """Read a file of OpenNGC; angles become degrees (ICRS), ``kind`` is in words.

    Raises
    ------
    SourceError
        If it is no such file; names what is missing.
    """
    content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    try:
        raw = pl.read_csv(content, separator=";", infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        message = f"This is no file of OpenNGC: {' '.join(str(error).split())[:200]}."
        raise SourceError(message, hint=f"See {STATE.documentation}.") from error
    missing = [name for name in _NEEDED if name not in raw.columns]
    if missing:
        what = f"no column {missing[0]}"
        raise unknown_shape(STATE, what)
    table = raw.select(
        *(
            pl.col(old).cast(pl.String).alias(new)
            for old, new in _TEXTS.items()
            if old in raw.columns
        ),
        pl.col("Type").alias("kind_code"),
        pl.col("Type").replace_strict(KINDS, default=pl.col("Type")).alias("kind"),
        (15.0 * _sexagesimal("RA")).alias("ra_deg"),
        _sexagesimal("Dec").alias("dec_deg"),
        *(
            pl.col(old).cast(pl.Float64, strict=False).alias(new)
            for old, new in _NUMBERS.items()
            if old in raw.columns
        ),
    )
    if table.is_empty() or table["ra_deg"].is_null().all():
        what = "no position in any row"
        raise unknown_shape(STATE, what)
    return table.filter(pl.col("name").is_not_null())


def _sexagesimal(column: str) -> pl.Expr:
    parts = pl.col(column).str.strip_chars_start("+-").str.split(":")
    whole = sum(
        (parts.list.get(k, null_on_oob=True).cast(pl.Float64, strict=False) / 60.0**k
         for k in range(3)),
        start=pl.lit(0.0),
    )  # fmt: skip
    return pl.when(pl.col(column).str.starts_with("-")).then(-whole).otherwise(whole)


def files(settings: Settings) -> list[Path]:
    """Return the installed files, known by their first line."""
    folder = settings.catalogues_dir
    if not folder.is_dir():
        return []
    found = sorted(p for p in folder.iterdir() if p.name.lower().endswith((".csv", ".csv.gz")))
    return [path for path in found if _first_line(path).startswith(b"Name;Type;RA;Dec;")]


def _first_line(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.readline(10_000)
    except (OSError, EOFError):
        return b""


def objects(settings: Settings) -> pl.DataFrame:
    """Return every object of the installed files, each once.

    Raises
    ------
    NotFoundError
        If no file is installed; the hint says how one is.
    """
    return _catalogue(settings)[0]


def cone(settings: Settings, around: Cone, limit: int) -> tuple[pl.DataFrame, bool]:
    """Return the objects within a cone, the nearest first, and whether some were left out."""
    found = within(objects(settings), around)
    return found.head(limit), found.height > limit


def resolve(name: str, settings: Settings) -> SkyObject:
    """Find an object by any of its names.

    Parameters
    ----------
    name : str
        Messier, NGC, IC, Caldwell, a common name, or a name in another catalogue; case, blanks
        and leading zeros do not matter.
    settings : Settings
        Tell where the files are.

    Raises
    ------
    InputError
        If the name is empty or longer than 100 characters.
    NotFoundError
        If no object has that name (the hint has near ones), or no file is installed.
    """
    table, names = _catalogue(settings)
    asked = key(name)
    if not asked or len(name) > _LONGEST_NAME:
        message = f"The name {name[:_LONGEST_NAME]!r} is empty or too long."
        raise InputError(message, hint="Such as: M31, NGC 6397, Andromeda Galaxy.")
    rows = _rows_of(asked, names)
    if rows.is_empty() or rows["rank"][0] >= _COMMON:
        everyday = _rows_of(key(catalogued(name)), names)
        rows = rows if everyday.is_empty() else everyday
    if rows.is_empty():
        message = f"{STATE.title} has no object named {name.strip()!r}."
        raise NotFoundError(message, hint=_near(asked, table, names))
    best = rows["rank"][0]
    found = rows.filter(pl.col("rank") == best)["row"].unique(maintain_order=True).to_list()
    also = [table["name"][k] for k in found[1:]]
    return _object(table.row(found[0], named=True), tuple(also))


def _rows_of(asked: str, names: pl.DataFrame) -> pl.DataFrame:
    return names.filter(pl.col("key") == asked).sort("rank", "row")


def _catalogue(settings: Settings) -> tuple[pl.DataFrame, pl.DataFrame]:
    paths = files(settings)
    if not paths:
        message = f"No file of {STATE.title} is installed in {settings.catalogues_dir}."
        hint = (
            "Fetch it with: skywright collect openngc; or install a file of your own with: "
            "skywright catalogues add NGC.csv addendum.csv"
        )
        raise NotFoundError(message, hint=hint)
    stamps = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
    return _indexed(stamps)


@lru_cache(maxsize=2)
def _indexed(stamps: tuple[tuple[str, int, int], ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the objects, and every key with the row it stands for and how much it counts."""
    tables = [read_openngc(Path(path).read_bytes()) for path, *_ in stamps]
    whole = pl.concat(tables, how="diagonal_relaxed").unique("name", maintain_order=True)
    absent = [name for name in ("notes", "ned_notes") if name not in whole.columns]
    whole = whole.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    # Which object M102 is has been argued about: such an entry is told of, not followed.
    is_sure = ~pl.col("notes").fill_null("").str.contains("(?i)controversial")
    repeats = whole.filter((pl.col("kind_code") == "Dup") & is_sure)
    table = whole.filter(pl.col("kind_code") != "Dup", pl.col("ra_deg").is_not_null())
    rows = table.with_row_index("row")
    named = pl.concat(
        [
            _keyed(rows, pl.col("name"), 0),
            _keyed(rows, "M" + pl.col("messier"), 1),
            _keyed(rows, _each("ngc", "NGC"), 2),
            _keyed(rows, _each("ic", "IC"), 2),
            _keyed(rows, _each("identifiers"), 3),
            _keyed(rows, _each("common_names"), _COMMON),
            _keyed(rows, _each("common_names"), _COMMON + 1, short=True),
        ]
    )
    return table, pl.concat([named, _repeated(repeats, named)])


def _each(column: str, prefix: str = "") -> pl.Expr:
    """Return the names that a cell lists."""
    return pl.col(column).str.split(",").list.eval(prefix + pl.element().str.strip_chars())


def _keyed(rows: pl.DataFrame, names: pl.Expr, rank: int, *, short: bool = False) -> pl.DataFrame:
    listed = rows.select("row", names.alias("n")).drop_nulls()
    listed = listed.explode("n") if listed.schema["n"] == pl.List(pl.String) else listed
    made = short_keys(pl.col("n")) if short else keys(pl.col("n"))
    keyed = listed.select(made.alias("key"), "row", pl.lit(rank, pl.Int32).alias("rank"))
    return keyed.filter(pl.col("key").str.len_chars() > 0).unique(maintain_order=True)


def _repeated(repeats: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Return the keys of entries that repeat another, with the row of that one."""
    target = pl.coalesce("M" + pl.col("messier"), "NGC" + pl.col("ngc"), "IC" + pl.col("ic"))
    pairs = repeats.select(keys(pl.col("name")).alias("own"), keys(target).alias("key"))
    first = named.filter(pl.col("rank") <= 2).sort("rank").unique("key", keep="first")
    joined = pairs.join(first, on="key", how="inner")
    return joined.select(pl.col("own").alias("key"), "row", "rank")


def _object(row: dict[str, object], also: tuple[str, ...]) -> SkyObject:
    def texts(column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in str(row.get(column) or "").split(",") if part.strip())

    magnitudes = {band.upper(): row.get(f"{band}_mag") for band in _BANDS}
    others = {name: row.get(name) for name in _NUMBERS.values() if not name.endswith("_mag")}
    messier = str(row.get("messier") or "").lstrip("0")
    return SkyObject(
        name=f"M{messier}" if messier else str(row["name"]),
        catalogue_name=str(row["name"]),
        ra_deg=float(str(row["ra_deg"])),
        dec_deg=float(str(row["dec_deg"])),
        kind=str(row["kind"]),
        constellation=str(row.get("constellation") or ""),
        magnitudes={band: float(str(v)) for band, v in magnitudes.items() if v is not None},
        values={name: float(str(v)) for name, v in others.items() if v is not None},
        common_names=texts("common_names"),
        identifiers=texts("identifiers"),
        also=also,
        notes=str(row.get("notes") or ""),
    )


def _near(asked: str, table: pl.DataFrame, names: pl.DataFrame) -> str:
    """Return what to try instead: entries whose remarks name it, and names written nearly so."""
    word = rf"(?:^|[^A-Z0-9]){re.escape(asked)}(?:[^A-Z0-9]|$)"
    remark = pl.concat_str("notes", "ned_notes", separator=" ", ignore_nulls=True)
    told = table.with_columns(remark.alias("remark")).filter(
        pl.col("remark").str.to_uppercase().str.contains(word)
    )
    words = [f"{n}: {text.strip()!r}." for n, text in told.select("name", "remark").rows()[:3]]
    numbered = re.fullmatch(r"([A-Z]+)(\d{1,9})", asked)
    if numbered is not None:
        number = pl.col("key").str.extract(rf"^{numbered[1]}(\d{{1,9}})$").cast(pl.Int64)
        apart = names.select(
            "key", (number - int(numbered[2])).abs().alias("apart"), "rank"
        ).drop_nulls()
        close = apart.sort("apart", "rank")["key"].unique(maintain_order=True).head(3).to_list()
    else:
        close = _nearly(asked, table)
    return " ".join([*words, f"Near it are {', '.join(close)}." if close else ""]).strip()


def _nearly(asked: str, table: pl.DataFrame) -> list[str]:
    """Return common names written nearly so, as the catalogue writes them."""
    listed = table.select(_each("common_names").alias("n")).drop_nulls().explode("n")["n"]
    written = {key(name): name for name in listed.unique(maintain_order=True)}
    written |= {key(name): name for name in everyday_names()}
    return [written[one] for one in difflib.get_close_matches(asked, written, n=4, cutoff=0.6)]


def _collect(visit: Visit) -> pl.DataFrame:
    """Fetch the files, keep them where names are resolved from, and return their objects."""
    folder = visit.settings.catalogues_dir
    tables = []
    for done, file in enumerate(FILES):
        visit.progress("objects", done, len(FILES))
        tables.append(visit.table(f"/{file}", None, read_openngc))
        address = visit.state.url(visit.settings).rstrip("/") + f"/{file}"
        content = visit.fetcher.get(visit.state, address).content
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{file}.partial"
        partial.write_bytes(content)
        partial.replace(folder / file)
    return pl.concat(tables, how="diagonal_relaxed")


COLLECTOR = Collector(STATE, {"objects": Part(_collect)})
