"""What holds while a build asks its own sandbox: no pauses, and no way to the services outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from skywright.settings import Settings, get_settings
from skywright.sources import pacing


@contextmanager
def no_pauses(*addresses: str) -> Iterator[None]:
    """Let hosts of our own be asked without the pauses that public services ask for."""
    from httpx import URL

    hosts = {URL(one).netloc for one in addresses}
    pacing.OURS.update(hosts)
    try:
        yield
    finally:
        pacing.OURS.difference_update(hosts)


@contextmanager
def settings_of_the_process(settings: Settings) -> Iterator[None]:
    """Let those be the settings of tools that are not handed any: theirs are those of the process.

    Without this, such a tool would ask the real services and read the data of the user.
    """
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    wanted = {
        f"SKYWRIGHT_{name.upper()}": of.get_secret_value() if isinstance(of, SecretStr) else str(of)
        for name, of in given.items()
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    get_settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        get_settings.cache_clear()
