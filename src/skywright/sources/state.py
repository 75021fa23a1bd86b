"""What we know about a provider: where it is, whether it works, and on which terms."""

from __future__ import annotations

from dataclasses import dataclass

from skywright.settings import Settings


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
    """``live``, ``moving`` or ``closed``."""
    licence: str
    """Terms, in one sentence."""
    citation: str
    """How its owner wants to be credited."""
    documentation: str
    """Address of the description we implement."""
    checked: str
    """Date of the newest recorded answer that our reader was tried on, ISO 8601."""

    def url(self, settings: Settings) -> str:
        """Return the address an operator configured."""
        return str(getattr(settings, self.url_setting))


JPL_LICENCE = (
    "Work of a US government laboratory; free to use with credit to NASA/JPL-Caltech "
    "(jpl.nasa.gov/jpl-image-use-policy for images)."
)
"""Terms of the services on ssd-api.jpl.nasa.gov."""
