"""Web pages: their title and text as Markdown, their tables, and their links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from skywright.errors import SourceError
from skywright.sources.html_text import markdown_of, tags_closed
from skywright.sources.records import unknown_shape
from skywright.sources.state import SourceState

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "caption"})
_UNREAD = frozenset({"script", "style", "noscript", "template"})
_VOID = frozenset({"img", "br", "hr", "input", "meta", "link", "source", "wbr", "area", "col"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table."""

    text: str
    url: str
    """Of the first link in it, or empty."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One table of a page."""

    section: str
    """The heading or caption it stands under."""
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a page."""

    text: str
    """What is seen of it, or the description of its picture."""
    section: str
    """The heading it stands under."""
    url: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read."""

    url: str
    title: str
    text: str
    """Markdown, without menus and what repeats on every page."""
    grids: tuple[Grid, ...]
    links: tuple[Link, ...]


def read_page(content: bytes, url: str, state: SourceState) -> Page:
    """Read a page.

    Parameters
    ----------
    content : bytes
        HTML, in UTF-8 or Windows-1252.
    url : str
        Its address, which relative links are completed with.
    state : SourceState
        Whose page it is.

    Raises
    ------
    SourceError
        If it is no page, or cut short.
    """
    markup = _decoded(content)
    lowered = markup.lower()
    if not lowered.lstrip().startswith("<") or "<html" not in lowered[:10_000]:
        raise unknown_shape(state, f"no web page at {url}")
    if "</html" not in lowered:
        message = f"{state.title} sent a page that is cut short: {url}."
        raise SourceError(message, hint="Try again.")
    body = _main(markup)
    for tag in ("header", "footer", "aside"):
        body = _without(body, tag)
    found = _Structure(url)
    found.feed(tags_closed(body))
    found.close()
    title = " ".join(markdown_of(markup)[0].split())
    return Page(url, title, markdown_of(body)[1], tuple(found.grids), tuple(found.links))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _main(markup: str) -> str:
    """Return what the page itself calls its main part; all of it where it calls none so."""
    lowered = markup.lower()
    start = lowered.find("<main")
    stop = lowered.find("</main", start)
    return markup[start:stop] if 0 <= start < stop else markup


def _without(markup: str, tag: str) -> str:
    """Leave out elements; searched in one pass, so that a damaged page takes no longer."""
    lowered, here = markup.lower(), 0
    kept: list[str] = []
    while True:
        start = _opening(lowered, tag, here)
        stop = lowered.find(f"</{tag}", start) if start >= 0 else -1
        if stop < 0:
            return "".join([*kept, markup[here:]])
        kept.append(markup[here:start])
        here = stop + len(tag) + 3


def _opening(lowered: str, tag: str, here: int) -> int:
    while (here := lowered.find(f"<{tag}", here)) >= 0:
        if not lowered[here + len(tag) + 1 : here + len(tag) + 2].isalnum():
            return here
        here += 1
    return -1


@dataclass(slots=True)
class _Open:
    """A table that is being read."""

    section: str
    header: tuple[str, ...] = ()
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    row: list[Cell] = field(default_factory=list)
    headings: int = 0
    """Cells of the row that are headings."""
    cell: list[str] | None = None
    url: str = ""

    def end_cell(self) -> None:
        if self.cell is not None:
            self.row.append(Cell(_line(self.cell), self.url))
        self.cell, self.url = None, ""

    def end_row(self) -> None:
        self.end_cell()
        if self.row and not self.header and self.headings == len(self.row):
            self.header = tuple(cell.text for cell in self.row)
        elif self.row:
            self.rows.append(tuple(self.row))
        self.row, self.headings = [], 0

    def whole(self) -> Grid:
        self.end_row()
        if not self.header and self.rows:  # a table without headings: its first row is taken
            self.header = tuple(cell.text for cell in self.rows.pop(0))
        return Grid(self.section, self.header, tuple(self.rows))


class _Structure(HTMLParser):
    """Collects tables and links with the headings they stand under."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.grids: list[Grid] = []
        self.links: list[Link] = []
        self._url = url
        self._section = ""
        self._heading: list[str] | None = None
        self._open: list[_Open] = []
        self._link: tuple[str, list[str]] | None = None
        self._hidden: list[str] = []  # elements within one that is not shown

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if self._hidden or tag in _UNREAD or _is_hidden(named):
            if tag not in _VOID:
                self._hidden.append(tag)
        elif tag in _HEADINGS:
            self._heading = []
        elif tag == "a":
            self._end_link()
            self._link = (_whole(self._url, named.get("href")), [])
        elif tag == "img":
            self.handle_data(f" {named.get('alt') or ''} ")
        elif tag == "table":
            self._open.append(_Open(self._section))
        elif self._open and tag == "tr":
            self._open[-1].end_row()
        elif self._open and tag in {"td", "th"}:
            table = self._open[-1]
            table.end_cell()
            table.cell = []
            table.headings += tag == "th"
        elif tag in {"br", "p", "li", "div"}:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
        elif tag in _HEADINGS and self._heading is not None:
            self._section = _line(self._heading) or self._section
            self._heading = None
            if tag == "caption" and self._open:
                self._open[-1].section = self._section
        elif tag == "a":
            self._end_link()
        elif tag == "table" and self._open:
            self.grids.append(self._open.pop().whole())
        elif tag in {"p", "li", "div"}:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._heading is not None:
            self._heading.append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._open and self._open[-1].cell is not None:
            self._open[-1].cell.append(data)

    def _end_link(self) -> None:
        url, words = self._link or ("", [])
        self._link = None
        if not url:
            return
        section = _line(self._heading) if self._heading else self._section
        self.links.append(Link(_line(words), section, url))
        if self._open and self._open[-1].cell is not None:
            self._open[-1].url = self._open[-1].url or url


def _is_hidden(named: dict[str, str | None]) -> bool:
    style = (named.get("style") or "").replace(" ", "").lower()
    return "hidden" in named or "display:none" in style


def _whole(base: str, href: str | None) -> str:
    """Return the address of a link, or nothing for one that leads to no page or file."""
    if not href or href.startswith("#"):
        return ""
    try:
        url = urljoin(base, href.strip())
        return url if urlsplit(url).scheme in {"http", "https"} else ""
    except ValueError:
        return ""


def _line(words: list[str]) -> str:
    return " ".join("".join(words).split())
