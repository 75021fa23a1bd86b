"""Reach a Ray cluster, with the token of this user where the cluster asks for one."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from skywright.errors import MissingExtraError, SourceError


def prepare_environment(environ: MutableMapping[str, str], home: Path) -> None:
    """Set what Ray reads when it is imported, unless the user has set it.

    No usage statistics are sent, and accelerators stay visible to tasks that ask for none. Ray
    takes up the token in ``~/.ray/auth_token`` when it starts a cluster, yet not when it is given
    an address; a cluster of this user would then turn the same user away.
    """
    environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    told = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & set(environ)
    if told or (home / ".ray" / "auth_token").is_file():
        environ.setdefault("RAY_AUTH_MODE", "token")


def connect(address: str, what: str) -> Any:
    """Connect to a Ray cluster once per process.

    Parameters
    ----------
    address : str
        As in ``SKYWRIGHT_RAY_ADDRESS``: ``ray://host:port``, ``host:port``, ``auto``, or ``local``
        for a cluster of its own on this machine.
    what : str
        Is to run there, for the message when Ray is not installed.

    Returns
    -------
    module
        Ray, connected.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    SourceError
        If no cluster answers there.
    """
    prepare_environment(os.environ, Path.home())
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError(what, "ray") from error
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            message = f"No Ray cluster answers at {address!r}: {error}"
            hint = "Check SKYWRIGHT_RAY_ADDRESS, or leave it empty to compute on this machine."
            raise SourceError(message, hint=hint) from error
    return ray
