"""A search over records by words, phrases, fields and ranges, as ADS and arXiv write it.

``author:"Kurtz, M" year:2010-2015 (exoplanets OR planets) -title:moon``: what stands side by side
must all be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Record = Mapping[str, Any]
Test = Callable[[Record], bool]

_TOKEN = re.compile(
    r"(?P<open>\()|(?P<close>\))|(?P<field>[\w^]+):(?=\S)|(?P<range>\[[^\]]*\])"
    r"|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<word>[^\s()]+)"
)
_SPLIT = re.compile(r"[^\w+.-]+")


class UnreadableError(Exception):
    """A query that cannot be read."""


def matcher(query: str, fields: Mapping[str, Callable[[Record, str], bool]]) -> Test:
    """Turn a query into a test of records.

    Parameters
    ----------
    query : str
        What is asked.
    fields : mapping
        Field to how a record is held against its value; ``""`` is for words without a field.

    Raises
    ------
    UnreadableError
        If brackets do not match, or a field is unknown.
    """
    reader = _Reader(query, fields)
    test = reader.any_of()
    if reader.left():
        message = f"unexpected {reader.left()[0][1]!r}"
        raise UnreadableError(message)
    return test


class _Reader:
    def __init__(self, query: str, fields: Mapping[str, Callable[[Record, str], bool]]) -> None:
        self._fields = fields
        self._tokens = [
            (match.lastgroup or "", match[match.lastgroup or 0]) for match in _TOKEN.finditer(query)
        ]

    def left(self) -> list[tuple[str, str]]:
        return self._tokens

    def any_of(self) -> Test:
        tests = [self._all_of()]
        while self._next_is("word", "OR"):
            self._tokens.pop(0)
            tests.append(self._all_of())
        return lambda record: any(test(record) for test in tests)

    def _all_of(self) -> Test:
        tests: list[Test] = []
        while self._tokens and not self._next_is("close") and not self._next_is("word", "OR"):
            if self._next_is("word", "AND"):
                self._tokens.pop(0)
                continue
            tests.append(self._one())
        return lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        kind, text = self._tokens.pop(0)
        if kind == "word" and text in {"NOT", "ANDNOT", "-"}:
            return _not(self._one())
        if kind == "word" and text[:1] in "+-" and len(text) > 1:
            test = self._value("", text[1:])
            return _not(test) if text[0] == "-" else test
        if kind == "open":
            return self._bracketed()
        if kind == "field":
            if not self._tokens:
                message = f"{text}: has no value"
                raise UnreadableError(message)
            return self._of_field(text.lstrip("^"))
        return self._value("", text)

    def _of_field(self, name: str) -> Test:
        if name not in self._fields:
            message = f"undefined field {name}"
            raise UnreadableError(message)
        if self._next_is("open"):
            self._tokens.pop(0)
            inner = _Reader("", {"": self._fields[name], name: self._fields[name]})
            inner._tokens = self._tokens
            return inner._bracketed()
        kind, text = self._tokens.pop(0)
        if kind == "field" and self._tokens:  # identifier:arXiv:1609.04153
            text = f"{text}:{self._tokens.pop(0)[1]}"
        return self._value(name, text)

    def _bracketed(self) -> Test:
        test = self.any_of()
        if not self._next_is("close"):
            message = "a bracket is not closed"
            raise UnreadableError(message)
        self._tokens.pop(0)
        return test

    def _value(self, field: str, text: str) -> Test:
        held = self._fields[field]
        return lambda record: held(record, text)

    def _next_is(self, kind: str, text: str = "") -> bool:
        return (
            bool(self._tokens) and self._tokens[0][0] == kind and text in {"", self._tokens[0][1]}
        )


def _not(test: Test) -> Test:
    return lambda record: not test(record)


def says(text: str, words: str) -> bool:
    """Tell whether a text has some words side by side, whatever their case; a plural counts."""
    there = [_stem(word) for word in _SPLIT.split(text.lower()) if word]
    wanted = [_stem(word) for word in _SPLIT.split(words.lower()) if word]
    if words.strip() in {"*", "*:*"}:
        return True
    n = len(wanted)
    return any(there[k : k + n] == wanted for k in range(len(there) - n + 1)) if n else True


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def between(value: str, span: str) -> bool:
    """Tell whether a text lies in ``[a TO b]``, in ``a-b`` (years), or begins with a value."""
    if span.startswith("["):
        first, _, last = span.strip("[]").partition(" TO ")
    elif re.fullmatch(r"\d{4}-\d{4}", span):
        first, _, last = span.partition("-")
    else:
        return value.startswith(span)
    first, last = first.strip(), last.strip()
    after = first in {"", "*"} or value >= first
    return after and (last in {"", "*"} or value[: len(last)] <= last)
