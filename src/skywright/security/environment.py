"""What a process that runs the code of recipes is told of our secrets: nothing."""

from __future__ import annotations

from collections.abc import Mapping

SECRET_VARIABLES = frozenset(
    f"SKYWRIGHT_{name}" for name in ("DATABASE_URL", "LIMITS_URL", "MASTER_KEY", "PSEUDONYM_SALT")
)
"""Keys, and addresses that may hold passwords."""


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a child process, without the variables that hold secrets."""
    return {name: text for name, text in environment.items() if name not in SECRET_VARIABLES}
