"""What a process that runs the code of recipes is told of our secrets: nothing."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from skywright.settings import Settings

_WITH_PASSWORDS = ("database_url", "limits_url")  # addresses that may hold one
SECRET_VARIABLES = frozenset(
    f"SKYWRIGHT_{name.upper()}"
    for name, field in Settings.model_fields.items()
    if field.annotation is SecretStr or name in _WITH_PASSWORDS
)
"""Environment variables of all secret settings, and of addresses that may hold a password."""


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a child process, without the variables that hold secrets."""
    return {name: text for name, text in environment.items() if name not in SECRET_VARIABLES}
