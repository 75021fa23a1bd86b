"""What we know about a provider: where it is, whether it works, and on which terms."""

from __future__ import annotations

from dataclasses import dataclass

from skywright.errors import InputError
from skywright.settings import Settings

STATUSES = ("live", "frozen", "retired")
"""What a source can be."""

TAP_SMALLEST = (
    "/sync?REQUEST=doQuery&LANG=ADQL&FORMAT=votable&MAXREC=1"
    "&QUERY=SELECT+TOP+1+schema_name+FROM+tap_schema.schemas"
)
"""The smallest request of every service that speaks TAP."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """One provider, as its documentation and a recorded answer of the date ``checked`` show it."""

    name: str
    """Short name, used on the command line."""
    title: str
    """Full name."""
    url_setting: str
    """Field of ``Settings`` that holds the address."""
    status: str
    """``live``, ``frozen`` (answers, with nothing new) or ``retired`` (answers no more)."""
    licence: str
    """Terms, in one sentence."""
    citation: str
    """How its owner wants to be credited."""
    documentation: str
    """Address of the description we implement."""
    checked: str
    """Date of the newest recorded answer that our reader was tried on, ISO 8601; may be empty."""
    since: str = ""
    """Since when it has been frozen or retired, ISO 8601."""
    replaced_by: str = ""
    """What stands in its place, where it is frozen or retired."""
    rate_limit: str = "one request at a time"
    """How often it may be asked."""
    fresh_s: float = 0.0
    """How long an answer is taken as it was kept, without asking again [s]."""
    sends_pages: bool = False
    """Whether its answers are web pages, which are an error of any other source."""
    pause_s: float = 0.0
    """Least time between the starts of two requests of this process [s]."""
    most: str = ""
    """Most rows, days or radius of one request."""
    access_setting: str = ""
    """Field of ``Settings`` that holds a token; empty where none is known of."""
    access_needed: bool = False
    """Whether nothing is answered without the token."""
    access_from: str = ""
    """Where to get the token."""
    spdx: str = ""
    """SPDX expression of the licence, where there is one."""
    smallest: str = ""
    """What follows the address in the smallest request that it answers; ``{today}`` is replaced."""
    remark: str = ""
    """What else a user should know, in one sentence."""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            message = f"Source {self.name} has status = {self.status!r}; choose from {STATUSES}."
            raise InputError(message)
        if (self.status != "live") != bool(self.since):
            message = f"Source {self.name} is {self.status}; since = {self.since!r} does not fit."
            raise InputError(message, hint="Date what is frozen or retired, and nothing else.")

    def told(self) -> str:
        """Return the state in words, such as ``frozen since 2022-12-05, replaced by ...``."""
        words = self.status + (f" since {self.since}" if self.since else "")
        return words + (f", replaced by {self.replaced_by}" if self.replaced_by else "")

    def token_variable(self) -> str:
        """Return the environment variable of the token, or nothing."""
        return f"SKYWRIGHT_{self.access_setting.upper()}" if self.access_setting else ""

    def token(self, settings: Settings) -> str:
        """Return the token an operator configured, or nothing."""
        if not self.access_setting:
            return ""
        value = getattr(settings, self.access_setting)
        return str(value.get_secret_value())

    def url(self, settings: Settings) -> str:
        """Return the address an operator configured."""
        return str(getattr(settings, self.url_setting))


JPL_LICENCE = (
    "Work of a US government laboratory; free to use with credit to NASA/JPL-Caltech "
    "(jpl.nasa.gov/jpl-image-use-policy for images)."
)
"""Terms of the services on ssd-api.jpl.nasa.gov."""
