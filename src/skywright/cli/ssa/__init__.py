"""``skywright ssa``: satellites from element sets and conjunction messages to an answer."""

from __future__ import annotations

import typer

from skywright.cli.ssa import (
    detect,
    forecast,
    ingest,
    pc,
    screen,
    simulate,
    strategy,
    threats,
    watch,
)

app = typer.Typer(
    help="Space domain awareness: observe, assess, avoid. Advice only; people decide.",
    no_args_is_help=True,
)


@app.callback()
def _room() -> None:
    """Space domain awareness: observe, assess, avoid. Advice only; people decide."""


detect.register(app)
forecast.register(app)
ingest.register(app)
pc.register(app)
screen.register(app)
simulate.register(app)
strategy.register(app)
threats.register(app)
watch.register(app)
