"""Text of unknown encoding: a mark decides, then UTF-8, then Latin-1, which takes anything."""

from __future__ import annotations

import codecs

from skywright.errors import InputError

_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(content: bytes) -> tuple[str, str]:
    """Return a text and the encoding it was in.

    Raises
    ------
    InputError
        If it begins with the mark of an encoding and then is not in it.
    """
    encoding = _marked(content)
    try:
        if encoding:
            return content.decode(encoding), encoding
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if encoding:
            message = f"The text says that it is {encoding}, but byte {error.start} is not."
            raise InputError(message, hint="Save it as UTF-8.") from error
        return content.decode("latin-1"), "latin-1"


def looks_like_text(content: bytes) -> bool:
    """Tell whether some bytes are text in an encoding that is read here."""
    if _marked(content) == "utf-16":
        return "\0" not in content[: len(content) // 2 * 2].decode("utf-16", "replace")
    return not _CONTROLS.intersection(content)


def _marked(content: bytes) -> str:
    return next((name for mark, name in _MARKS if content.startswith(mark)), "")
