"""HTML as Markdown: headings, paragraphs, lists, tables and code; scripts and menus left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNREAD = {"script", "style", "noscript", "template", "svg", "nav"}
_BREAKS = {
    "p",
    "div",
    "section",
    "article",
    "ul",
    "ol",
    "table",
    "blockquote",
    "dl",
    "header",
    "main",
}
_LINES = {"br", "li", "tr", "dt", "dd"}
_HEADINGS = {f"h{k}" for k in range(1, 7)}
_DECLARATION = re.compile(r"<![^<>]*>")
_STRAY = re.compile(r"<(?![^<>]*>)")


def markdown_of(page: str) -> tuple[str, str]:
    """Return the title of a page and its text as Markdown."""
    reader = _Reader()
    reader.feed(tags_closed(page))
    reader.close()
    text = re.sub(r"[ \t]+\n", "\n", "".join(reader.parts))
    return " ".join(reader.title.split()), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def tags_closed(page: str) -> str:
    """Return a page without comments and declarations, its stray openings written as text.

    The parser of the standard library looks for the end of each opening through the whole page,
    and raises an AssertionError at some declarations: what strangers write is fed to it as this.
    """
    return _STRAY.sub("&lt;", _DECLARATION.sub("", _without_comments(page)))


def _without_comments(page: str) -> str:
    parts, at = [], 0
    while (start := page.find("<!--", at)) >= 0 and (stop := page.find("-->", start)) >= 0:
        parts.append(page[at:start])
        at = stop + len("-->")
    return "".join(parts) + page[at:]


class _Reader(HTMLParser):
    """Collect the text in the order of the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title = ""
        self._unread = 0
        self._code = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "title":
            self._in_title = not self._unread  # pictures (SVG) have titles too
        elif tag in _UNREAD:
            self._unread += 1
        elif tag in _HEADINGS:
            self.parts.append(f"\n\n{'#' * int(tag[1])} ")
        elif tag == "pre":
            self._code += 1
            self.parts.append("\n\n```\n")
        elif tag in {"td", "th"}:
            self.parts.append("| ")
        elif tag in _BREAKS or tag in _LINES:
            self.parts.append("\n\n" if tag in _BREAKS else "\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag == "pre" and self._code:
            self._code -= 1
            self.parts.append("\n```\n\n")
        elif tag in _BREAKS or tag in _HEADINGS:
            self.parts.append("\n\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._unread:
            self.parts.append(data if self._code else re.sub(r"\s+", " ", data))
