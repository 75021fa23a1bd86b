"""``skywright federate``: one model from the data of many, which stay where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json

app = typer.Typer(help="Train one model on data that stay where they are.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Folder of the federation.", file_okay=False)]
Keys = Annotated[
    Path, typer.Option("--keys", help="JSON file: client to shared key in hex.", dir_okay=False)
]
Key = Annotated[
    Path, typer.Option("--key", help="File with the shared key in hex.", dir_okay=False)
]
Client = Annotated[str, typer.Option("--client", help="Name of this client.")]
Clip = Annotated[float | None, typer.Option("--clip", help="Greatest norm of a change.")]
Noise = Annotated[float, typer.Option("--noise", min=0.0, help="Noise multiplier; needs --clip.")]
Proximal = Annotated[float, typer.Option("--proximal", min=0.0, help="mu of FedProx.")]


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a TOML file.")],
    client: Annotated[list[str], typer.Option("--client", help="Dataset; one a client.")],
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds.")] = 10,
    proximal: Proximal = 0.0,
    clip: Clip = None,
    noise: Noise = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run a federation of datasets of this machine, judge the model and keep it."""
    from skywright.foundry.federate import Plan
    from skywright.foundry.federate_publish import run_here
    from skywright.foundry.jobs.workplace import Workplace
    from skywright.foundry.recipe import load_recipe

    plan = Plan(rounds, proximal, clip=clip, noise=noise)
    told = run_here(Workplace.of(), load_recipe(recipe), client, plan)
    if as_json:
        emit_json(told)
        return
    for one in told["rounds"]:
        typer.echo(f"round {one['round']}: change {one['change']:.4g}, spread {one['spread']:.4g}")
    typer.echo(f"{told['version']}: {told['gate']}; {told['reason']}")


@app.command()
def begin(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a TOML file.")],
    folder: Folder,
    start: Annotated[str, typer.Option("--start", help="Model in use to begin from.")],
    keys: Keys,
    quorum: Annotated[int, typer.Option(min=1, help="Answers that close a round.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Begin a federation whose clients are elsewhere."""
    from skywright.foundry.federate_rounds import Coordinator, Rules
    from skywright.foundry.recipe import load_recipe
    from skywright.foundry.registry import Registry

    model = Registry.of().champion(start)
    rules = Rules(quorum=quorum)
    hub = Coordinator.begin(folder, load_recipe(recipe), model, _keys(keys), rules=rules)
    _tell({"federation": hub.state["id"], "round": 0}, as_json=as_json)


@app.command()
def serve(
    folder: Folder,
    keys: Keys,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8090,
) -> None:
    """Answer clients over HTTP; put TLS in front of it."""
    import uvicorn

    from skywright.foundry.federate_http import application
    from skywright.foundry.federate_rounds import Coordinator

    uvicorn.run(application(Coordinator(folder, _keys(keys))), host=host, port=port)


@app.command()
def offer(
    folder: Folder,
    client: Client,
    keys: Keys,
    out: Annotated[Path, typer.Option("--out", help="File to write.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Write the common model as a message to one client, for clients without a network."""
    from skywright.foundry.federate_rounds import Coordinator

    out.write_bytes(Coordinator(folder, _keys(keys)).offer(client))
    _tell({"out": str(out)}, as_json=as_json)


@app.command()
def join(
    client: Client,
    key: Key,
    data: Annotated[str, typer.Option("--data", help="Dataset or file of this client.")],
    url: Annotated[str, typer.Option("--url", help="Address of the coordinator.")] = "",
    offer: Annotated[Path | None, typer.Option("--offer", help="Offer in a file.")] = None,
    outbox: Annotated[Path, typer.Option("--outbox", help="Folder of answers.")] = Path("outbox"),
    proximal: Proximal = 0.0,
    as_json: AsJson = False,
) -> None:
    """Answer one round from data of this machine; keeps the answer until it can be sent."""
    from skywright.foundry.federate_client import answered

    told = answered(client, _key(key), data, (url, offer), outbox, proximal=proximal)
    _tell(told, as_json=as_json)


@app.command()
def receive(
    folder: Folder,
    updates: Annotated[list[Path], typer.Argument(help="Files of updates.")],
    keys: Keys,
    as_json: AsJson = False,
) -> None:
    """Take in updates that came as files."""
    from skywright.foundry.federate_rounds import Coordinator

    hub = Coordinator(folder, _keys(keys))
    taken = [hub.receive(path.read_bytes()) for path in updates]
    _tell({"received": [f"{one.client} round {one.round}" for one in taken]}, as_json=as_json)


@app.command()
def close(
    folder: Folder,
    keys: Keys,
    clip: Clip = None,
    noise: Noise = 0.0,
    judge: Annotated[
        str, typer.Option("--judge", help="Dataset to judge by; keeps the model in the registry.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Average the answers of a round and begin the next."""
    from skywright.foundry.federate import Plan
    from skywright.foundry.federate_publish import published, rows_of
    from skywright.foundry.federate_rounds import Coordinator
    from skywright.foundry.jobs.workplace import Workplace

    hub = Coordinator(folder, _keys(keys))
    told = hub.close_round(Plan(clip=clip, noise=noise))
    if judge:
        place = Workplace.of()
        rows = rows_of(place, hub.recipe, judge)
        told |= published(place, hub.recipe, hub.model, rows, {"id": hub.state["id"], **told})
    _tell(told, as_json=as_json)


def _keys(path: Path) -> dict[str, bytes]:
    from skywright.errors import InputError

    try:
        return {name: bytes.fromhex(key) for name, key in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        message = f"The file {path} is no JSON object from client to key in hex: {error}."
        raise InputError(message, hint="Make a key with: openssl rand -hex 32") from error


def _key(path: Path) -> bytes:
    from skywright.errors import InputError

    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        message = f"The file {path} holds no key in hex: {error}."
        raise InputError(message, hint="Make one with: openssl rand -hex 32") from error


def _tell(told: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        emit_json(told)
        return
    for name, value in told.items():
        typer.echo(f"{name:12s} {value}")
