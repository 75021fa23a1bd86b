"""Papers that the stand-ins of ADS and arXiv know: recorded ones, and a few of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from skywright.sources.sandbox.catalogues import SAMPLES, opened

_ENTRY = re.compile(r"@\w+\{(?P<bibcode>[^,]{19}),\n(?P<inside>.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+) = (.*?),?$", re.MULTILINE)


class Library:
    """Recorded answers, and records to search in."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.recorded = [line for folder in folders for line in _recorded(folder)]
        self.papers = json.loads((SAMPLES / "papers.json").read_text(encoding="utf-8"))
        self.entries: dict[str, str] = {}
        """BibTeX by bibcode, as recorded."""
        for one in self.recorded:
            if one["endpoint"].endswith("/export/bibtex"):
                self._take_in(str(one["response"].get("export", "")))
        self._take_in_found()

    def answer(self, endpoint: str, asked: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the recorded answer to the very same request, or nothing."""
        wanted = _comparable(asked)
        for one in self.recorded:
            told = one["params"] if one["endpoint"] == endpoint else None
            if told and _comparable(told) == wanted:
                found: dict[str, Any] = one["response"]
                return found
        return None

    def _take_in(self, export: str) -> None:
        known = {paper["bibcode"] for paper in self.papers}
        for match in _ENTRY.finditer(export):
            self.entries[match["bibcode"]] = match[0]
            fields = dict(_FIELD.findall(match["inside"]))
            if match["bibcode"] not in known and "title" in fields:
                known.add(match["bibcode"])
                self.papers.append(_paper(match["bibcode"], fields))

    def _take_in_found(self) -> None:
        """Let what recorded searches found be found by other words too, as far as it was told."""
        known = {_told_title(paper): paper for paper in self.papers}
        for one in self.recorded:
            found = one["response"].get("response") if isinstance(one["response"], dict) else None
            for doc in (found or {}).get("docs", []):
                title = _told_title(doc)
                if not title:
                    continue
                if title not in known:
                    known[title] = dict(_UNTOLD)
                    self.papers.append(known[title])
                paper = known[title]
                paper.update({name: doc[name] for name in doc if not paper.get(name)})


_UNTOLD = {"bibcode": "", "author": [], "year": "", "pubdate": "", "pub": "", "arxiv": ""}


def _told_title(paper: Mapping[str, Any]) -> str:
    title = paper.get("title") or ""
    return str(title[0] if isinstance(title, list) and title else title or "")


def _paper(bibcode: str, fields: Mapping[str, str]) -> dict[str, Any]:
    doi = fields.get("doi", "").strip("{}")
    return {
        "bibcode": bibcode,
        "title": [fields["title"].strip('"{}')],
        "author": [author.strip("{}") for author in re.split(r"\s+and\s+", _plain(fields))],
        "year": fields.get("year", bibcode[:4]).strip("{}"),
        "pubdate": f"{bibcode[:4]}-00-00",
        "pub": fields.get("journal", "").strip("{}").lstrip("\\"),
        "doi": [doi] if doi else [],
        "arxiv": fields.get("eprint", "").strip("{}"),
    }


def _plain(fields: Mapping[str, str]) -> str:
    return fields.get("author", "").replace("{", "").replace("}", "").replace("~", " ")


def _comparable(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: str(value).strip() for name, value in asked.items() if name != "wt"}


def _recorded(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("ads_recorded.jsonl*")):
        with opened(file) as lines:
            yield from (json.loads(line) for line in lines if line.strip())
