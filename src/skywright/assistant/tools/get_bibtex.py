"""BibTeX entries of papers."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from skywright.assistant.messages import Origin, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import keep_text, origin_from
from skywright.errors import InputError, NotFoundError
from skywright.sources import ads, arxiv

_ARXIV = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.I)
_BIBCODE_LENGTH = 19
_Code = Annotated[str, Field(min_length=1, max_length=60)]


def get_bibtex(
    desk: Desk, bibcodes: Annotated[list[_Code], Field(min_length=1, max_length=50)]
) -> ToolResult:
    """Return the BibTeX entries of papers by their bibcodes or arXiv numbers, and a .bib file.

    Parameters
    ----------
    bibcodes : list of str
        Bibcodes (asked of NASA ADS, which needs a token) or arXiv numbers, 1 to 50.
    """
    numbers = [match[1] for code in bibcodes if (match := _ARXIV.fullmatch(code.strip()))]
    codes = [code.strip() for code in bibcodes if not _ARXIV.fullmatch(code.strip())]
    unknown = [code for code in codes if len(code) != _BIBCODE_LENGTH]
    if unknown:
        message = f"{unknown[0]!r} is neither a bibcode of 19 characters nor an arXiv number."
        raise InputError(message, hint="Such as 1998ApJ...494L.181M or 2301.01234.")
    entries: list[str] = []
    origins: list[Origin] = []
    if codes:
        desk.progress(f"asking {ads.STATE.title}")
        entries.append(ads.export_bibtex(codes, desk.settings))
        asked = {"query": ", ".join(codes), "url": ads.STATE.url(desk.settings)}
        origins.append(origin_from(ads.STATE, **asked, rows=len(codes)))
    if numbers:
        desk.check_stop()
        entries.append(_by_arxiv(desk, numbers))
        asked = {"query": ", ".join(numbers), "url": arxiv.STATE.url(desk.settings)}
        origins.append(origin_from(arxiv.STATE, **asked, rows=len(numbers)))
    text = "\n\n".join(entry.strip() for entry in entries)
    return ToolResult(
        text=text,
        data={"bibtex": text, "entries": len(bibcodes)},
        origins=tuple(origins),
        artifacts=(keep_text(desk, "papers", ".bib", "BibTeX entries", text + "\n"),),
    )


def _by_arxiv(desk: Desk, numbers: list[str]) -> str:
    found = arxiv.by_number(numbers, desk.settings)
    if not found.table.height:
        message = f"arXiv has no paper with the number {', '.join(numbers)}."
        raise NotFoundError(message)
    return "\n\n".join(arxiv.bibtex(row) for row in found.table.iter_rows(named=True))
