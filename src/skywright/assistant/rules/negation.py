"""Whether what a question names is to be left out: "drop", "not", "all but"."""

from __future__ import annotations

import re

_CLAUSE = re.compile(
    r"[.;!?](?=\s)|(?<!everything )(?<!all )(?<!anything )\bbut (?!not\b|no\b)", re.IGNORECASE
)
_KEEPS = re.compile(
    r"(?<!not )(?<!n't )\b(?:keep\w*|select\w*|retain\w*|pick\w*|choose|take(?! out| away)|want"
    r"|only|find|list|give|get(?! rid)|leav(?:e|ing) (?!out|away|off))\b",
    re.IGNORECASE,
)
_LEAVES_OUT = re.compile(
    r"\b(?:drop\w*|exclud\w*|remov\w*|discard\w*|reject\w*|omit\w*|ignor\w*|without|except\w*"
    r"|other than|apart from|thr(?:ow|ew)\w*(?: \w+){0,2} (?:out|away)|get(?:ting)? rid of"
    r"|leav\w* (?:out|away|off)|weed\w* out|cut(?:ting)? (?:out|away)|filter\w*(?: \w+){0,2} out"
    r"|hid(?:e|ing)|delet\w*|eliminat\w*|skip\w*|toss\w*|tak(?:e|ing) (?:out|away)|minus|barring"
    r"|besides|but (?:not|no)|(?:everything|all|anything) but)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"(?:\b(?:not|no|none|never|nothing|neither|nor|cannot)\b|n't\b)(?=(?:\W+[\w']+){0,5}\W*$)",
    re.IGNORECASE,
)
"""Denies what follows within six words."""
_OUTSIDE = re.compile(
    r"\b(?:outside(?: of)?|beyond)(?: the)?(?: range)?(?: of)?\s*$", re.IGNORECASE
)


_JUST_DENIED = re.compile(
    r"(?:\b(?:not|never|no|except\w*|excluding|other than|apart from|besides|without|neither)|n't)"
    r"(?: (?:by|from|of|on|with|using|via|through|the|a|an|for|found|discovered|detected|launched"
    r"|made|flown|in|at|being|been|having|any))*\s*$",
    re.IGNORECASE,
)


def is_denied(before: str) -> bool:
    """Tell whether the very next word is denied: "not by", "other than the"."""
    return bool(_JUST_DENIED.search(before))


def is_left_out(before: str) -> bool:
    """Tell whether words negate what follows them; two of them ("drop all but") do not.

    Examples
    --------
    >>> is_left_out("drop the stars "), is_left_out("throw out all except ")
    (True, False)
    """
    clause = _CLAUSE.split(before)[-1]
    kept = [match.end() for match in _KEEPS.finditer(clause)]
    clause = clause[kept[-1] :] if kept else clause
    count = len(_LEAVES_OUT.findall(clause)) + len(_denied(clause))
    return (count + bool(_OUTSIDE.search(clause))) % 2 == 1


def _denied(clause: str) -> list[str]:
    """Return the words that deny, less those that are part of "but not"."""
    return [
        match[0]
        for match in _NOT.finditer(clause)
        if not re.search(r"\bbut $", clause[: match.start()], re.IGNORECASE)
    ]
