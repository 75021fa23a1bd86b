"""Sequences and images of rows as arrays of one shape."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError

if TYPE_CHECKING:
    from skywright.foundry.signature import Input

F32 = npt.NDArray[np.float32]

MOST_PIXELS = 50_000_000
"""Pixels of one image before it is resized; a small file can claim to be a huge picture."""

_folders: set[Path] = set()


def allow_images_from(folder: Path) -> None:
    """Let rows of this process name image files below a folder.

    Only training does so. A server never reads a file that a request names: there a text is an
    image in base64.
    """
    if folder != Path():
        _folders.add(folder.resolve())


def stacked(column: Input, values: Sequence[Any]) -> F32:
    """Return the sequences or images of n rows as float32 of shape (n, *column.shape).

    A sequence longer than the model's steps keeps its last ones, a shorter one ends in NaN. An
    image is resized; its pixels are 0 to 255, colours first.

    Raises
    ------
    InputError
        If a value is no sequence or no image; names row, column and what is allowed.
    """
    unpack = _sequence if column.type == "sequence" else _image
    array = np.full((len(values), *column.shape), np.nan, np.float32)
    for number, value in enumerate(values):
        try:
            unpack(value, array[number])
        except (TypeError, ValueError, OSError) as error:
            message = f"Row {number} has {column.name}={_short(value)}, no {column.type}: {error}."
            raise InputError(message, hint=_HINTS[column.type]) from error
    return array


_HINTS = {
    "sequence": "Give a list of numbers, or a list of lists with a number for each channel.",
    "image": "Give a PNG or JPEG as bytes or in base64, or a list of rows of pixels, 0 to 255.",
}


def _short(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= 40 else told[:37] + "..."


def _sequence(value: Any, into: F32) -> None:
    if value is None or isinstance(value, (str, bytes)):
        message = "it is missing" if value is None else "it is a text"
        raise ValueError(message)
    steps = np.asarray(value, np.float32)
    steps = steps[:, None] if steps.ndim == 1 else steps
    if steps.ndim != 2 or steps.shape[1] != into.shape[1]:
        message = f"the model takes {into.shape[1]} numbers a step, not {steps.shape[1:]}"
        raise ValueError(message)
    kept = steps[-len(into) :]
    into[: len(kept)] = kept


def _image(value: Any, into: F32) -> None:
    from PIL import Image

    picture = _picture(value, Image)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        message = f"it has {width} x {height} pixels, and {MOST_PIXELS} at most are read"
        raise ValueError(message)
    channels, rows, columns = into.shape
    shown = picture.convert("L" if channels == 1 else "RGB")
    if shown.size != (columns, rows):
        shown = shown.resize((columns, rows), Image.Resampling.BILINEAR)
    pixels = np.asarray(shown, np.float32)
    into[:] = pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _picture(value: Any, image: Any) -> Any:
    if isinstance(value, str):
        value = _file(value) or base64.b64decode(value.rpartition(",")[2], validate=True)
    if isinstance(value, (bytes, bytearray)):
        return image.open(io.BytesIO(value), formats=("PNG", "JPEG", "TIFF", "BMP", "GIF"))
    if value is None:
        message = "it is missing"
        raise ValueError(message)
    pixels = np.asarray(value)
    if pixels.ndim not in {2, 3} or (pixels.ndim == 3 and pixels.shape[2] != 3):
        message = f"pixels are (rows, columns) or (rows, columns, 3), not {pixels.shape}"
        raise ValueError(message)
    return image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _file(name: str) -> bytes | None:
    """Return the content of a file below an allowed folder, None if the text names none."""
    for folder in _folders:
        path = (folder / name).resolve() if len(name) < 1024 else folder
        if path.is_relative_to(folder) and path.is_file():
            return path.read_bytes()
    return None
