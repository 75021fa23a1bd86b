"""Four roles, each allowed everything that the ones below it are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from skywright.errors import AccessError, InputError


class Role(IntEnum):
    """What a caller may do, in rising order."""

    VIEWER = 1
    """Read, and compute answers that store nothing."""
    CONTRIBUTOR = 2
    """Store labels and start jobs."""
    OPERATOR = 3
    """See and cancel the jobs of others."""
    ADMIN = 4
    """Read the audit trail."""

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


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request."""

    name: str
    """Prefix of the key in use, or ``local`` when there are no keys."""
    role: Role
    """What this caller may do."""

    def require(self, role: Role) -> None:
        """Refuse unless the caller has ``role`` or a higher one.

        Raises
        ------
        AccessError
            Names the role held and the role needed.
        """
        if self.role < role:
            message = f"This needs the role {role.label}; key {self.name} is a {self.role.label}."
            hint = f"Ask for a key made with: skywright keys create NAME --role {role.label}"
            raise AccessError(message, hint=hint)
