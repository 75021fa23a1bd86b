"""Which catalogue a question names, as the tools call it."""

from __future__ import annotations

import re

from skywright.assistant.rules.negation import is_denied

_VIZIER = re.compile(
    r"\bvizier:?\s*(?:table |catalog(?:ue)? )?(?P<table>[IVXB]+/[\w+/.-]*\w)", re.IGNORECASE
)
_NAMED = {
    r"simbad": "simbad",
    r"sdss|sloan": "sdss",
    r"openngc": "openngc",
    r"gaia": "gaia-dr3",
}
_SURVEYS = {
    r"2mass(?! ?j)": "2mass",
    r"(?:all)?wise": "allwise",
    r"hipparcos": "hipparcos",
    r"pan-?starrs": "panstarrs",
    r"tycho(?:-?2)?": "tycho-2",
    r"usno-?b1?": "usno-b1",
}
"""How catalogues of VizieR are spoken of; to the names that ``sources.vizier`` knows."""


def catalogue_in(text: str, masked: str) -> str:
    """Return the catalogue that is named and not denied, empty if none.

    Parameters
    ----------
    text : str
        The question.
    masked : str
        In which a designation such as 2MASS J... stands as OBJECT.
    """
    vizier = _VIZIER.search(text)
    if vizier:
        return f"vizier:{vizier['table']}"
    for names, prefix in ((_SURVEYS, "vizier:"), (_NAMED, "")):
        for pattern, name in names.items():
            found = re.search(rf"\b(?:{pattern})\b", masked, re.IGNORECASE)
            if found and not is_denied(masked[: found.start()]):
                return f"{prefix}{name}"
    return ""
