"""What there is to do, and the least role that may do it; the only place where that is said."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from skywright.security.roles import Role


class Permission(StrEnum):
    """One thing that a caller may or may not do; the value is how a sentence names it."""

    READ = "read"
    """Catalogues, models, cards, reports, one's own jobs."""
    PREDICT = "ask for predictions"
    START_SIMULATION = "start simulations"
    LABEL = "store and erase labels"
    DECIDE = "decide on advice"
    UPLOAD = "upload and erase inputs"
    COLLECT = "collect from sources"
    TRAIN = "train models"
    SEE_OTHERS = "see the jobs of others"
    CANCEL_OTHERS = "cancel the jobs of others"
    DEPLOY = "deploy, promote and roll back models"
    DELETE_MODEL = "delete models"
    ACCEPT_LICENCE = "accept licences"
    PRIVACY = "export and erase what is stored of any person"
    READ_AUDIT = "read the audit trail"
    MANAGE_KEYS = "make and revoke keys"


LEAST_ROLE = MappingProxyType(
    {
        Permission.READ: Role.VIEWER,
        Permission.PREDICT: Role.VIEWER,
        Permission.START_SIMULATION: Role.VIEWER,
        Permission.LABEL: Role.ANALYST,
        Permission.DECIDE: Role.ANALYST,
        Permission.UPLOAD: Role.ANALYST,
        Permission.COLLECT: Role.TRAINER,
        Permission.TRAIN: Role.TRAINER,
        Permission.SEE_OTHERS: Role.TRAINER,
        Permission.CANCEL_OTHERS: Role.TRAINER,
        Permission.DEPLOY: Role.TRAINER,
        Permission.DELETE_MODEL: Role.ADMIN,
        Permission.ACCEPT_LICENCE: Role.ADMIN,
        Permission.PRIVACY: Role.ADMIN,
        Permission.READ_AUDIT: Role.ADMIN,
        Permission.MANAGE_KEYS: Role.ADMIN,
    }
)
"""The table. A permission without a row is a fault that a test finds."""
