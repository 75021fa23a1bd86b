"""Images, recordings and videos: checked, and described by one row; their content stays as it is.

What a camera notes about place and time (EXIF) is not read.
"""

from __future__ import annotations

import io
import math
import warnings
from fractions import Fraction
from typing import Any

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.collect.parsed import Limits, Parsed

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")


def parse_image(content: bytes, limits: Limits) -> Parsed:
    """Check an image by decoding it, after its size was found to be bearable."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                _refuse_pixels(*image.size, limits)
                row = {
                    "width": image.width,
                    "height": image.height,
                    "mode": image.mode,
                    "format": image.format,
                    "frames": getattr(image, "n_frames", 1),
                }
                image.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many(str(error)) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        message = f"The image cannot be read: {_reason(error)}."
        raise InputError(message, hint="It may be damaged or cut short.") from error
    return Parsed(iter([("image", row)]), dict(row))


def parse_audio(content: bytes, limits: Limits) -> Parsed:
    """Read how long a recording is, and how it was made."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        what = "Reading audio"
        raise MissingExtraError(what, "media") from error
    del limits  # a recording gives one row
    try:
        found = soundfile.info(io.BytesIO(content))
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:
        message = f"The recording cannot be read: {_reason(error)}."
        raise InputError(message, hint="It may be damaged or cut short.") from error
    if not found.frames or not found.samplerate:
        message = "The recording holds no sound."
        raise InputError(message)
    row = {
        "duration_s": found.frames / found.samplerate,
        "sample_rate_hz": found.samplerate,
        "channels": found.channels,
        "format": found.format,
        "encoding": found.subtype,
    }
    return Parsed(iter([("audio", row)]), dict(row))


def parse_video(content: bytes, limits: Limits) -> Parsed:
    """Read how long a video is, and how it was made; its first picture is decoded."""
    try:
        import av
    except ImportError as error:
        what = "Reading video"
        raise MissingExtraError(what, "media") from error
    try:
        with av.open(io.BytesIO(content)) as container:
            row = _video_row(container, limits)
    except (av.FFmpegError, ValueError, OSError) as error:
        message = f"The video cannot be read: {_reason(error)}."
        raise InputError(message, hint="It may be damaged or cut short.") from error
    return Parsed(iter([("video", row)]), dict(row))


def _video_row(container: Any, limits: Limits) -> dict[str, Any]:
    import av

    if not container.streams.video:
        message = "The file holds no video."
        raise InputError(message)
    stream = container.streams.video[0]
    _refuse_pixels(stream.codec_context.width, stream.codec_context.height, limits)
    if next(container.decode(stream), None) is None:
        message = "The video holds no picture."
        raise InputError(message)
    length = container.duration
    return {
        "duration_s": length / av.time_base if length else None,
        "width": stream.codec_context.width,
        "height": stream.codec_context.height,
        "frames_per_s": _number(stream.average_rate),
        "codec": stream.codec_context.name,
        "format": container.format.name,
        "audio_streams": len(container.streams.audio),
    }


def _refuse_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        size = f"{width} x {height} pixels"
        raise _too_many(size)


def _too_many(found: str) -> InputError:
    message = f"The image is too large to be decoded safely ({found[:120].rstrip('.')})."
    return InputError(message, hint="Scale it down.")


def _number(value: Fraction | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:200].rstrip(".") or "it is damaged"
