"""Four roles, each allowed everything that the ones below it are; ``permissions`` says what."""

from __future__ import annotations

from enum import IntEnum

from skywright.errors import InputError


class Role(IntEnum):
    """What a caller may do, in rising order."""

    VIEWER = 1
    """Read, and compute answers that change nothing others see."""
    ANALYST = 2
    """Give labels and inputs as well."""
    TRAINER = 3
    """Train and deploy models, and look after the jobs of others, as well."""
    ADMIN = 4
    """Everything: delete, accept licences, answer for people's data, read the audit trail."""

    @classmethod
    def named(cls, name: str) -> Role:
        """Return the role of a name in any case.

        Raises
        ------
        InputError
            If there is no such role; lists the four.
        """
        try:
            return cls[name.strip().upper()]
        except KeyError as error:
            choices = ", ".join(role.label for role in cls)
            message = f"There is no role {name!r}; choose one of {choices}."
            raise InputError(message) from error

    @property
    def label(self) -> str:
        """The name in lower case, as stored and shown."""
        return self.name.lower()
