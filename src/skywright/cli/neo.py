"""``skywright neo``: near-Earth objects from a file or a name to an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.output import AsJson, Out, emit_json, emit_table

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(
    help="Near-Earth objects: assess, simulate, find the unusual.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(help="Table of objects: Parquet, CSV, MPCORB, SBDB, OEF.")]
Asteroids = Annotated[
    bool, typer.Option("--asteroids", help="Add 16 massive asteroids (extra 'asteroids').")
]
Seed = Annotated[int, typer.Option(help="Seed; the same seed gives the same digits.", min=0)]


@app.command()
def moid(
    file: File,
    body: Annotated[str, typer.Option(help="Planet whose orbit is meant.")] = "earth",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Find the minimum orbit intersection distance, in JPL's convention."""
    from skywright.neo.moid import add_moid

    body = body.lower()
    table = add_moid(_read(file), body=body)
    show = ["designation", "moid_au", "nu_deg", f"{body}_nu_deg", "moid2_au"]
    emit_table(table, out=out, as_json=as_json, show=show)


@app.command()
def propagate(
    file: File,
    engine: Annotated[str, typer.Option(help="skywright, or rebound (extra).")] = "skywright",
    asteroids: Asteroids = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Carry orbits to target_jd_tdb; heliocentric ecliptic states."""
    from skywright.neo.propagate import add_states

    table = add_states(_read(file), asteroids=asteroids, engine=engine)
    vector = ["x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d"]
    show = ["designation", "target_jd_tdb", *vector, *(f"target_{name}" for name in vector)]
    emit_table(table, out=out, as_json=as_json, show=show)


@app.command()
def approaches(
    file: File,
    start: Annotated[str, typer.Option(help="First date, TDB: 2020-01-01 or a Julian date.")],
    stop: Annotated[str, typer.Option(help="Last date, TDB.")],
    within_au: Annotated[float, typer.Option(help="Largest distance [au].", min=0.0)] = 0.05,
    body: Annotated[list[str] | None, typer.Option(help="Only this body; repeatable.")] = None,
    asteroids: Asteroids = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """List close approaches to the planets and the Moon."""
    from skywright.neo.approaches import list_approaches

    table = list_approaches(
        _read(file), start=start, stop=stop, within_au=within_au, bodies=body, asteroids=asteroids
    )
    emit_table(table, out=out, as_json=as_json, show=table.columns)


@app.command()
def impacts(
    file: File,
    years: Annotated[float, typer.Option(help="How far to look ahead [yr].", min=0.0)] = 100.0,
    clones: Annotated[int, typer.Option(help="Clones per object.", min=1)] = 1000,
    seed: Seed = 1,
    body: Annotated[str, typer.Option(help="Body to hit.")] = "earth",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Estimate impact probability: linear, line of variations, Monte Carlo."""
    from skywright.neo.impacts import add_impacts

    table = add_impacts(_read(file), years=years, clones=clones, seed=seed, body=body)
    show = ["designation", "ip_linear", "ip_lov", "ip_mc", "ip_mc_low", "ip_mc_high"]
    show += ["n_samples", "impact_jd_tdb", "v_imp_km_s"]
    emit_table(table, out=out, as_json=as_json, show=show)


@app.command()
def assess(
    file: File,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Class, hazard by definition and under uncertainty, size, Sentry triage."""
    from skywright.neo.assess import add_assessment

    table = add_assessment(_read(file))
    show = ["designation", "orbit_class", "is_pha", "p_pha"]
    show += ["diameter_km_p16", "diameter_km_p50", "diameter_km_p84", "sentry_triage"]
    emit_table(table, out=out, as_json=as_json, show=show)


@app.command()
def anomalies(
    file: File,
    contamination: Annotated[float, typer.Option(help="Share to flag.", min=0.0, max=0.5)] = 0.01,
    plots: Annotated[Path | None, typer.Option(help="Folder for PNG plots.")] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Find unusual objects and say why."""
    from skywright.neo.anomalies import add_anomalies

    table = add_anomalies(_read(file), contamination=contamination)
    if plots is not None:
        from skywright.neo.novelty_plots import write_plots

        for path in write_plots(table, plots):
            typer.echo(f"written {path}", err=True)
    if out is None and not as_json:
        table = table.sort("novelty_percentile", descending=True)
    show = ["designation", "novelty_percentile", "oddities", "explanation"]
    emit_table(table, out=out, as_json=as_json, show=show)


@app.command()
def simulate(
    target: Annotated[str | None, typer.Argument(metavar="OBJECT", help="Name.")] = None,
    elements: Annotated[str | None, typer.Option(help="Orbit as JSON, or @FILE.")] = None,
    delta_v: Annotated[str | None, typer.Option(help="R,T,N in m/s, with --at.")] = None,
    at: Annotated[str | None, typer.Option(help="Date of the delta-v, TDB.")] = None,
    mass_kg: Annotated[float | None, typer.Option(help="Mass [kg].")] = None,
    diameter_km: Annotated[float | None, typer.Option(help="Diameter [km].")] = None,
    density_kg_m3: Annotated[float | None, typer.Option(help="Density [kg/m^3].")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="Edit an element: e=0.2; repeatable.")
    ] = None,
    years: Annotated[float, typer.Option(help="How far to look ahead [yr].")] = 20.0,
    clones: Annotated[int, typer.Option(help="Monte Carlo clones; 0 for none.")] = 0,
    seed: Seed = 1,
    deflection: Annotated[
        bool, typer.Option("--deflection", help="Delta-v needed to miss, and a kinetic impactor's.")
    ] = False,
    lov: Annotated[bool, typer.Option("--lov", help="Add the line of variations.")] = False,
    body: Annotated[str, typer.Option(help="Body to hit.")] = "earth",
    within_au: Annotated[float, typer.Option(help="List approaches closer than this [au].")] = 0.1,
    start: Annotated[str | None, typer.Option(help="First date, TDB.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder for PNG plots.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask "what if": the orbit as it is beside the orbit as changed."""
    from skywright.neo.simulate import request_from_options
    from skywright.neo.simulate import simulate as run

    options = {
        "object": target,
        "elements": _json_argument(elements),
        "delta_v": delta_v,
        "at": at,
        "mass_kg": mass_kg,
        "diameter_km": diameter_km,
        "density_kg_m3": density_kg_m3,
        "set": change or [],
        "years": years,
        "clones": clones,
        "seed": seed,
        "deflection": deflection,
        "levels": ["linear", "lov"] if lov else ["linear"],
        "body": body,
        "within_au": within_au,
        "start": start,
    }
    result = run(request_from_options(options))
    if plots is not None:
        from skywright.neo.simulate_plots import write_plots

        for path in write_plots(result, plots):
            typer.echo(f"written {path}", err=True)
    if as_json:
        emit_json(result)
    else:
        from skywright.neo.simulate_text import as_text

        typer.echo(as_text(result))


def _read(file: Path) -> pl.DataFrame:
    from skywright.sources.files import read_objects

    return read_objects(file)


def _json_argument(text: str | None) -> dict[str, object] | None:
    from skywright.errors import InputError

    if text is None:
        return None
    if text.startswith("@"):
        path = Path(text[1:])
        if not path.is_file():
            message = f"--elements names the file {path}, which does not exist."
            raise InputError(message)
        text = path.read_text(encoding="utf-8")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"--elements is not valid JSON: {error.msg} at character {error.pos}."
        raise InputError(message, hint='Example: \'{"e":0.19,"q_au":0.75,...}\'') from error
    if not isinstance(value, dict):
        message = (
            f"--elements must be a JSON object of names and numbers, not {type(value).__name__}."
        )
        raise InputError(message)
    return value
