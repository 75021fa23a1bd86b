"""ADQL, read before it is sent: its grammar, its tables and columns, and how many rows it wants.

References
----------
IVOA ADQL 2.0; the grammar is that of queryparser (Leibniz Institute for Astrophysics Potsdam).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from skywright.errors import InputError
from skywright.sources.adql_names import Known, Reading, child_of, children, kind_of, place_of

LONGEST = 20_000
"""Most characters of a query."""

_LONGEST_SLOW = 2_000  # characters that the full prediction reads in a few seconds
_MOST_BRACKETS = 40  # the time of the parser grows with their square
_BLANKED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(--[^\n]*|/\*.*?\*/)", re.DOTALL)
_EXPONENT = re.compile(r"(?<![\w.])\d+[eE][+-]?\d+")
# Words that are reserved here, and no more in ADQL 2.1 or before a dot (external.tmass).
_OTHER_WORDS = re.compile(r"\b(?:(?:coalesce|lower|upper)(?=\s*\()|[a-z]\w+(?=\.[a-z_\"*]))", re.I)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query that keeps the grammar and names what exists."""

    adql: str
    """The query, without blanks and semicolon at its ends."""
    tables: tuple[str, ...]
    """Tables it reads, as the service writes their names where they are known."""
    columns: tuple[str, ...]
    """Columns it names, as ``table.column``; ``table.*`` for all."""
    top: int | None = None
    """Rows that its TOP allows."""
    _top_at: tuple[int, int] = field(default=(0, 0), repr=False)

    def limited(self, most_rows: int) -> str:
        """Return the query with TOP set, or lowered, to so many rows.

        Two joined by UNION and the like are left as they are: there MAXREC is the limit.
        """
        start, stop = self._top_at
        if not stop or (self.top is not None and self.top <= most_rows):
            return self.adql
        told = f" TOP {most_rows}" if start == stop else f"TOP {most_rows}"
        return self.adql[:start] + told + self.adql[stop:]


def check(adql: str, known: Known | None = None) -> Parsed:
    """Read a query.

    Parameters
    ----------
    adql : str
        One SELECT.
    known : mapping, optional
        Columns by table, without which names are not checked. Case does not matter; a name
        without its schema is enough where only one table has it.

    Raises
    ------
    InputError
        If it is no SELECT, breaks the grammar (with line and column), or names a table or column
        that is not there; the hint has near names.
    """
    text = adql.strip().rstrip(";").rstrip()
    _check_kind(text)
    try:
        tree = _tree(text)
        reading = Reading(text, known)
        for select in _outside_with(tree):
            reading.read(select, None)
    except RecursionError as error:
        message = "The query has more terms, one after another, than can be read."
        raise InputError(message, hint="Write IN (...) or BETWEEN instead of many OR.") from error
    top, place = _top(tree)
    return Parsed(text, tuple(reading.tables), tuple(reading.columns), top, place)


def _check_kind(text: str) -> None:
    if not text:
        message = "The query is empty."
        raise InputError(message, hint="Such as: SELECT TOP 5 ra, dec FROM gaiadr3.gaia_source")
    if len(text) > LONGEST:
        message = f"The query has {len(text)} characters; {LONGEST} are allowed."
        raise InputError(message, hint="Join with a table instead of a long list.")
    plain = _same_length(text).lstrip(" (\n\t\r")
    word = re.sub(r"\W.*", "", plain, flags=re.DOTALL)
    if word.upper() not in {"SELECT", "WITH"}:
        message = f"Only SELECT is allowed; the query begins with {(word or plain[:10])!r}."
        raise InputError(message, hint="Nothing is written or deleted through here.")
    depths = itertools.accumulate({"(": 1, ")": -1}.get(letter, 0) for letter in plain)
    if max(depths) > _MOST_BRACKETS:
        message = f"The query has more than {_MOST_BRACKETS} brackets within brackets."
        raise InputError(message, hint="Write it flatter.")


def _same_length(text: str) -> str:
    """Return the query as the grammar knows it, every character at its place.

    Comments become blanks, a number such as 1e-3 plain digits, and reserved words that services
    allow other words.
    """

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0]) if match[1] else match[0]

    def outside(part: str) -> str:
        part = _EXPONENT.sub(lambda match: "1" * len(match[0]), part)
        part = re.sub(r"\be\b", "x", part, flags=re.IGNORECASE)  # of a number, to this grammar
        return _OTHER_WORDS.sub(lambda match: match[0][:-1] + "_", part)

    bare = _BLANKED.sub(blank, text)
    pieces, at = [], 0
    for match in _BLANKED.finditer(bare):
        pieces += [outside(bare[at : match.start()]), match[0]]
        at = match.end()
    return "".join([*pieces, outside(bare[at:])])


def _tree(text: str) -> Any:
    """Parse the query; raises InputError where it breaks the grammar.

    The quick prediction of antlr (SLL) reads nearly all queries, some fifty times as fast; only
    what it does not understand is read again with the full one (Parr et al. 2014, section 6).
    """
    from antlr4.atn.PredictionMode import PredictionMode

    tree, found = _parsed(text, PredictionMode.SLL)
    if found and len(text) <= _LONGEST_SLOW:
        tree, found = _parsed(text, PredictionMode.LL)
    if found:
        raise _syntax(text, *min(found))
    return tree


def _parsed(text: str, mode: Any) -> tuple[Any, list[tuple[int, int, str]]]:
    import antlr4
    from queryparser.adql.ADQLLexer import ADQLLexer
    from queryparser.adql.ADQLParser import ADQLParser
    from queryparser.adql.adqltranslator import SyntaxErrorListener

    found: list[tuple[int, int, str]] = []

    class Listener(SyntaxErrorListener):  # type: ignore[misc]  # untyped
        def syntaxError(  # noqa: N802 - the name is antlr's
            self, _: Any, symbol: Any, line: int, column: int, *rest: Any
        ) -> None:
            if symbol is None:  # a character that no word has
                token = str(rest[0]).partition(": ")[2].strip("'")
            else:
                token = text[symbol.start : symbol.stop + 1] or symbol.text
            found.append((line, column, token))

    lexer = ADQLLexer(antlr4.InputStream(_same_length(text) + ";"))
    stream = antlr4.CommonTokenStream(lexer)
    parser = ADQLParser(stream)
    for one in (lexer, parser):
        one.removeErrorListeners()
        one.addErrorListener(Listener())
    parser._interp.predictionMode = mode
    tree = parser.query()
    if not found and stream.LA(1) != antlr4.Token.EOF:
        token = stream.LT(1)
        message = f"One query at a time: another begins at {place_of(token.line, token.column)}."
        raise InputError(message, hint="Send what comes after the semicolon on its own.")
    return tree, found


def _syntax(text: str, line: int, column: int, token: str) -> InputError:
    at_end = token in {"<EOF>", ";"}
    near = "at its end" if at_end else f"near {token!r}"
    message = f"The query breaks the grammar of ADQL at {place_of(line, column)}, {near}."
    shown = text.splitlines()[min(line, text.count("\n") + 1) - 1]
    hint = f"After: {shown[max(0, column - 40) : column].strip()!r}."
    if re.search(r"\blimit\s+\d+\s*$", text, re.IGNORECASE):
        hint = "ADQL has no LIMIT; write SELECT TOP 10 ... instead."
    elif text.count("'") % 2:
        hint = "A text is not closed; a quote within a text is written twice."
    return InputError(message, hint=hint)


def _outside_with(node: Any) -> Iterator[Any]:
    for child in children(node):
        kind = kind_of(child)
        if kind == "Select_query":
            yield child
        elif kind != "With_query":
            yield from _outside_with(child)


def _top(tree: Any) -> tuple[int | None, tuple[int, int]]:
    """Return the TOP of the query and where it stands, or would stand; none for a UNION."""
    selects = list(_outside_with(tree))
    if len(selects) != 1:
        return None, (0, 0)
    select = selects[0]
    limit = child_of(select, "Set_limit")
    if limit is not None:
        number = int(children(limit)[1].getText())
        return number, (limit.start.start, limit.stop.stop + 1)
    last = child_of(select, "Set_quantifier") or children(select)[0]
    token = last.stop if hasattr(last, "stop") else last.getSymbol()
    return None, (token.stop + 1, token.stop + 1)
