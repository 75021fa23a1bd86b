"""Who makes a request, and whether they may."""

from __future__ import annotations

from dataclasses import dataclass

from skywright.errors import AccessError
from skywright.security.permissions import LEAST_ROLE, Permission
from skywright.security.roles import Role

LOCAL = "local"
"""Name of the caller while there are no keys: a person at this machine."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request."""

    name: str
    """Prefix of the key in use, or ``local`` when there are no keys."""
    role: Role
    """What this caller may do."""

    def may(self, permission: Permission) -> bool:
        """Tell whether the caller's role carries a permission."""
        return self.role >= LEAST_ROLE[permission]

    def require_permission(self, permission: Permission) -> None:
        """Refuse unless the caller has a permission.

        Raises
        ------
        AccessError
            Names the role held and the role needed.
        """
        if self.may(permission):
            return
        needed = LEAST_ROLE[permission].label
        message = (
            f"To {permission.value} needs the role {needed}; key {self.name} has the role "
            f"{self.role.label}."
        )
        hint = f"Ask for a key made with: skywright keys create NAME --role {needed}"
        raise AccessError(message, hint=hint)
