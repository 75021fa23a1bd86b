"""The one key that opens all others: from the environment, or a file in the data folder."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from skywright.errors import InputError
from skywright.security.secret_files import read_or_make

MASTER_KEY_FILE = "master.key"
"""Name of the file in the data folder; without it, or a copy, encrypted files are lost."""

_BYTES = 32
_HOW = (
    "Make one with: python -c 'import base64,os; print(base64.b64encode(os.urandom(32)).decode())'"
)


def read_master_key(setting: str, data_dir: Path) -> bytes:
    """Return the 32 bytes of the setting, or of the file in the data folder, made on first use.

    Parameters
    ----------
    setting : str
        Value of ``SKYWRIGHT_MASTER_KEY``: 32 bytes in base64, or empty.
    data_dir : Path
        Where ``master.key`` lies.

    Raises
    ------
    InputError
        If either does not hold 32 bytes in base64. The value is not repeated.
    """
    if setting:
        return _decoded(setting, "SKYWRIGHT_MASTER_KEY")
    path = data_dir.expanduser() / MASTER_KEY_FILE
    content = read_or_make(path, lambda: base64.b64encode(secrets.token_bytes(_BYTES)) + b"\n")
    return _decoded(content.decode("ascii", "replace"), str(path))


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        message = f"{where} must hold {_BYTES} bytes in base64 (44 characters), and does not."
        raise InputError(message, hint=_HOW)
    return key
