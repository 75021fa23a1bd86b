"""The content of the files that records come in."""

from __future__ import annotations

from pathlib import Path

from skywright.errors import NotFoundError


def content_of(source: Path | str) -> tuple[bytes, str]:
    """Return the bytes of a file, and the name that sentences about it use.

    Raises
    ------
    NotFoundError
        If there is no such file.
    """
    path = Path(source)
    if not path.is_file():
        message = f"The file {path} does not exist."
        raise NotFoundError(message)
    return path.read_bytes(), path.name
