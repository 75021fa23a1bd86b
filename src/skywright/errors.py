"""Every error that a user can act on, in one tree.

SkywrightError                    exit code 1, HTTP 422 unless a subclass says otherwise
├── InputError (ValueError)       a field, a value, what is allowed, what to do
│   ├── OrbitError                elements or a state outside what a routine supports
│   └── EphemerisRangeError       a date outside the ephemeris
├── NotFoundError                 HTTP 404; carries the nearest names
├── LimitError                    HTTP 429; too much or too often
├── AccessError                   HTTP 401 or 403; key missing, unknown, or of too low a role
├── ConflictError                 HTTP 409; the thing exists or has moved on
├── MissingExtraError             an optional part is not installed; carries the command
├── StoppedError                  the user stopped what was under way
├── SourceError                   exit code 3, HTTP 502; a provider failed or changed its shape
└── GateError                     exit code 4, HTTP 409; a model was kept back
"""

from __future__ import annotations


class SkywrightError(Exception):
    """Base of the tree: the CLI prints the sentence without a traceback."""

    exit_code = 1
    http_status = 422
    code = "invalid"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class InputError(SkywrightError, ValueError):
    """A value given by the user is not allowed."""

    code = "invalid_input"


class OrbitError(InputError):
    """Orbital elements or a state lie outside the range that a routine supports."""

    code = "invalid_orbit"


class EphemerisRangeError(InputError):
    """A date lies outside the loaded planetary ephemeris."""

    code = "outside_ephemeris"


class NotFoundError(SkywrightError, LookupError):
    """A named thing does not exist."""

    http_status = 404
    code = "not_found"


class LimitError(SkywrightError):
    """A quota or rate limit was reached."""

    http_status = 429
    code = "limit"


class AccessError(SkywrightError):
    """The caller may not do this."""

    http_status = 403
    code = "forbidden"


class ConflictError(SkywrightError):
    """The request does not fit the state of things."""

    http_status = 409
    code = "conflict"


class MissingExtraError(SkywrightError):
    """An optional dependency is not installed."""

    code = "missing_extra"
    http_status = 501

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the optional part '{extra}', which is not installed.",
            hint=f"Install it with: pip install 'skywright[{extra}]'",
        )


class StoppedError(SkywrightError):
    """The user stopped what was under way."""

    code = "stopped"


class SourceError(SkywrightError):
    """A data provider could not be reached, refused, or answered in an unknown shape."""

    exit_code = 3
    http_status = 502
    code = "source"


class GateError(SkywrightError):
    """A model did not pass its gate and was kept back."""

    exit_code = 4
    http_status = 409
    code = "kept_back"
