"""Preparation of one column of sequences or images: each channel is centred and scaled."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.kinds.preparation import FILE
from skywright.foundry.recipe import Recipe
from skywright.foundry.signature import F32, Feeds, Input
from skywright.foundry.unpacking import stacked

_MOST_STEPS = 512  # default of params.length at most; longer ones must be asked for
_SIZE = 64


@dataclass(frozen=True, slots=True)
class Channels:
    """What was learned about a column: (value - offset) * factor, channel by channel."""

    column: str
    type: str
    """``sequence`` or ``image``."""
    shape: tuple[int, ...]
    """(steps, channels) or (channels, height, width), as rows are read."""
    offset: tuple[float, ...]
    factor: tuple[float, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The only column that the model takes."""
        return (Input(self.column, self.type, self.shape),)

    @property
    def width(self) -> int:
        """Number of channels that come out; sequences gain one that is 1 where there is a step."""
        return len(self.offset) + (self.type == "sequence")

    def constants(self) -> tuple[F32, F32]:
        """Return offset and factor, shaped to broadcast over the rows as they are read."""
        across = (1, 1, -1) if self.type == "sequence" else (1, -1, 1, 1)
        offset, factor = (np.array(one, np.float32) for one in (self.offset, self.factor))
        return offset.reshape(across), factor.reshape(across)

    def matrix(self, feeds: Feeds) -> F32:
        """Return (n, channels + 1, steps) of sequences, (n, channels, height, width) of images."""
        raw: F32 = feeds[self.column]
        offset, factor = self.constants()
        if self.type == "image":
            return (raw - offset) * factor
        known = ~np.isnan(raw)
        scaled = (np.where(known, raw, offset) - offset) * factor
        there = known.any(axis=2, keepdims=True).astype(np.float32)
        both = np.concatenate([scaled, there], axis=2).transpose(0, 2, 1)
        return np.ascontiguousarray(both, np.float32)

    def write(self, folder: Path) -> None:
        """Write ``preparation.json`` into a model folder."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")

    @classmethod
    def of(cls, folder: Path) -> Channels:
        """Read the preparation of a model folder."""
        given = json.loads((folder / FILE).read_text(encoding="utf-8"))
        listed = {key: tuple(given[key]) for key in ("shape", "offset", "factor")}
        return cls(given["column"], given["type"], *listed.values())


def learn_sequences(series: pl.Series, recipe: Recipe) -> Channels:
    """Learn the channels of a column of sequences.

    ``params.length`` is the number of steps, that of the longest row if it is not given.

    Raises
    ------
    InputError
        If the column holds no lists of numbers.
    """
    first = next((row for row in series if row is not None and len(row)), None)
    if first is None or isinstance(first, (str, bytes)):
        message = f"Column {series.name} holds {series.dtype}, not lists of numbers."
        raise InputError(message, hint="Name a column of lists under features.")
    inner = first[0]
    channels = 1 if inner is None or isinstance(inner, (int, float)) else len(inner)
    longest = max(len(row) for row in series if row is not None)
    steps = int(recipe.params.get("length") or min(longest, _MOST_STEPS))
    column = Input(series.name, "sequence", (steps, channels))
    raw = stacked(column, series.to_list())
    return _learned(column, raw.reshape(-1, channels))


def learn_images(series: pl.Series, recipe: Recipe) -> Channels:
    """Learn the channels of a column of images, resized to ``params.size`` (64) pixels square.

    ``params.channels`` is 3 for colours, or 1 for grey.
    """
    size, channels = int(recipe.params.get("size", _SIZE)), int(recipe.params.get("channels", 3))
    column = Input(series.name, "image", (channels, size, size))
    raw = stacked(column, series.to_list())
    return _learned(column, raw.transpose(0, 2, 3, 1).reshape(-1, channels))


def channel_feeds(frame: pl.DataFrame, preparation: Channels) -> Feeds:
    """Return the column of a table as `Signature.feeds` gives that of rows."""
    (column,) = preparation.inputs
    return {column.name: stacked(column, frame[column.name].to_list())}


def _learned(column: Input, values: F32) -> Channels:
    if not np.isfinite(values).any(axis=0).all():
        message = f"Column {column.name} has a channel without any number."
        raise InputError(message, hint="Leave the channel out of the data.")
    offset: npt.NDArray[np.float64] = np.nanmean(values, axis=0, dtype=np.float64)
    spread: npt.NDArray[np.float64] = np.nanstd(values, axis=0, dtype=np.float64)
    factor = 1.0 / np.where(spread > 1e-6 * np.maximum(np.abs(offset), 1e-30), spread, 1.0)
    return Channels(
        column.name, column.type, column.shape, tuple(offset.tolist()), tuple(factor.tolist())
    )
