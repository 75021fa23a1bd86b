"""ZIP archives of strangers, looked at before anything in them is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from skywright.errors import InputError

_MOST_ENTRIES = 5_000
_MOST_BYTES = 256 << 20
_MOST_RATIO = 200  # XML of office documents packs 10 to 30 times; deflate reaches 1032
_FREE_BYTES = 4 << 20  # below that the ratio does not matter
_ARCHIVES = frozenset({".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz", ".zst"})


def names_in(stream: BinaryIO) -> frozenset[str]:
    """Return the names in an archive that is safe to unpack.

    Raises
    ------
    InputError
        If it is damaged or encrypted, leads out of its folder, holds archives, or unpacks to more
        than 256 MiB, 200 times its size, or 5,000 entries.
    """
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        message = f"The archive is damaged or cut short: {error}."
        raise InputError(message, hint="Save the document again.") from error
    _refuse_bomb(entries)
    for entry in entries:
        _refuse_entry(entry)
    return frozenset(entry.filename for entry in entries)


def _refuse_bomb(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > _MOST_ENTRIES:
        message = f"The archive has {len(entries)} entries; at most {_MOST_ENTRIES} are allowed."
        raise InputError(message)
    if unpacked > _MOST_BYTES:
        message = f"The archive unpacks to {unpacked} bytes; at most {_MOST_BYTES} are allowed."
        raise InputError(message)
    if unpacked > _FREE_BYTES and unpacked > _MOST_RATIO * packed:
        message = (
            f"The archive unpacks to {unpacked // max(packed, 1)} times its size; at most "
            f"{_MOST_RATIO} times is allowed."
        )
        raise InputError(message)


def _refuse_entry(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0:1]:
        message = f"The archive holds an entry that leads out of it: {entry.filename[:60]!r}."
        raise InputError(message)
    if path.suffix.lower() in _ARCHIVES:
        message = f"The archive holds another archive, {entry.filename[:60]!r}."
        raise InputError(message, hint="Take it out of the document.")
    if entry.flag_bits & 1:
        message = "The archive is encrypted."
        raise InputError(message, hint="Save the document without a password.")
