"""Text out of a snippet of HTML, as feeds and WordPress put into their fields."""

from __future__ import annotations

from html.parser import HTMLParser

from skywright.sources.html_text import tags_closed

_BREAKS = frozenset({"p", "br", "div", "li", "h1", "h2", "h3", "tr"})
_UNREAD = frozenset({"script", "style"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD and self._unread > 0
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.pieces.append(" ".join(data.split("\n")))


def plain_text(snippet: str) -> str:
    """Return the words of a snippet: no tags, no scripts, entities resolved, a line a paragraph."""
    parser = _Text()
    parser.feed(tags_closed(snippet))
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).split("\n"))
    return "\n".join(line for line in lines if line)
