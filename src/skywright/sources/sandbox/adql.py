"""ADQL as a service understands it: parsed by its grammar, then written as SQL of SQLite."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

_LONGEST = 100_000
_DEEPEST = 40  # brackets within brackets; the time of the parser grows with their square
# Functions that services have and this grammar reserves, under names that it takes for functions.
_RESERVED = {"lower": "lowe_", "upper": "uppe_", "coalesce": "coalesc_"}
_CALLED = re.compile(rf"'[^']*'|\"[^\"]*\"|\b({'|'.join(_RESERVED)})(?=\s*\()", re.IGNORECASE)


class RefusedQueryError(Exception):
    """A query that the service does not accept; the words are for the error document."""


@dataclass(slots=True)
class Translated:
    """A query in the dialect of SQLite."""

    sql: str = ""
    tables: list[str] = field(default_factory=list)
    """Names as written, without quotes."""
    origins: dict[str, str] = field(default_factory=dict)
    """Column of the answer (lower case) to the column of a table it is taken from."""


def translate(query: str) -> Translated:
    """Parse a statement and write it for SQLite.

    Raises
    ------
    RefusedQueryError
        If it is no ADQL; the words name line and column.
    """
    from queryparser.exceptions import QueryError, QuerySyntaxError

    if not query.strip():
        message = "The parameter QUERY is missing or empty."
        raise RefusedQueryError(message)
    depth = max(accumulate((c == "(") - (c == ")") for c in query), default=0)
    if depth > _DEEPEST or len(query) > _LONGEST:
        message = (
            f"The query is longer than {_LONGEST} characters or deeper than {_DEEPEST} brackets."
        )
        raise RefusedQueryError(message)
    try:
        tree = _tree(_CALLED.sub(_stand_in, query.strip()))
    except QuerySyntaxError as error:
        line, column, near = error.syntax_errors[0]
        what = "at the end of the query" if near == ";" else f"near {near!r}"
        message = f"Incorrect ADQL query: syntax error {what} (line {line}, column {column + 1})."
        raise RefusedQueryError(message) from error
    except (QueryError, AttributeError) as error:  # its listener has no text for some tokens
        message = f"Incorrect ADQL query: {error}."
        raise RefusedQueryError(message) from error
    writer = _Writer()
    writer.translated.sql = writer.write(tree)
    return writer.translated


def _tree(query: str) -> Any:
    """Parse a statement: quickly (SLL, see `skywright.sources.adql`), else by the full prediction.

    Raises
    ------
    QueryError
        If the full prediction finds a fault too.
    """
    import antlr4
    from antlr4.atn.PredictionMode import PredictionMode
    from queryparser.adql import ADQLQueryTranslator
    from queryparser.adql.ADQLLexer import ADQLLexer
    from queryparser.adql.ADQLParser import ADQLParser
    from queryparser.adql.adqltranslator import SyntaxErrorListener

    found = SyntaxErrorListener()
    lexer = ADQLLexer(antlr4.InputStream(query.rstrip(" \n;") + ";"))
    lexer.removeErrorListeners()
    lexer.addErrorListener(found)
    parser = ADQLParser(antlr4.CommonTokenStream(lexer))
    parser._listeners = [found]
    parser._interp.predictionMode = PredictionMode.SLL
    try:
        tree = parser.query()
    except AttributeError:  # the listener has no text for some tokens
        return ADQLQueryTranslator(query).tree
    return ADQLQueryTranslator(query).tree if found.syntax_errors else tree


def _stand_in(match: re.Match[str]) -> str:
    return _RESERVED[match[1].lower()] if match[1] else match[0]


def _kind(node: Any) -> str:
    return type(node).__name__.removesuffix("Context")


def _only(node: Any, kind: str) -> Any:
    """Follow single children down to a node of a kind; None where there is a fork before."""
    while node is not None and _kind(node) != kind:
        children = getattr(node, "children", None) or []
        node = children[0] if len(children) == 1 else None
    return node


def _called(name: str) -> str:
    return next((own for own, other in _RESERVED.items() if other == name), name)


class _Writer:
    def __init__(self) -> None:
        self.translated = Translated()
        self._handlers: dict[str, Callable[[Any], str]] = {
            "Select_query": self._select,
            "Regular_identifier": self._identifier,
            "Delimited_identifier": self._identifier,
            "User_defined_function_name": lambda node: _called(str(node.getText())),
            "Table_name": self._table,
            "Derived_column": self._column,
            "Select_sublist": self._columns,
            "Point": lambda node: self._call("adql_point", self._numbers(node)),
            "Circle": lambda node: self._call("adql_circle", self._numbers(node)),
            "Box": lambda node: self._call("adql_box", self._numbers(node)),
            "Polygon": lambda node: self._call("adql_polygon", self._numbers(node)),
            "Contains": self._contains,
            "Intersects": lambda node: self._call("adql_intersects", self._arguments(node)),
            "Distance": self._distance,
            "Area": lambda node: self._call("adql_area", self._arguments(node)),
            "Like_predicate": self._like,
        }

    def write(self, node: Any) -> str:
        handler = self._handlers.get(_kind(node))
        if handler is not None:
            return handler(node)
        children = getattr(node, "children", None)
        if children is None:
            text = str(node.getText())
            return "" if text in {";", "<EOF>"} else text
        return " ".join(filter(None, map(self.write, children)))

    def _select(self, node: Any) -> str:
        """Move TOP behind the rest, where SQLite wants LIMIT."""
        limit = offset = ""
        parts = []
        for child in node.children:
            if _kind(child) == "Set_limit":
                limit = child.children[1].getText()
            elif _kind(child) == "Table_expression":
                told = [one for one in child.children if _kind(one) != "Offset_clause"]
                skipped = [one for one in child.children if _kind(one) == "Offset_clause"]
                parts += [self.write(one) for one in told]
                offset = skipped[0].children[1].getText() if skipped else ""
            else:
                parts.append(self.write(child))
        sql = " ".join(filter(None, parts))
        if not limit and not offset:
            return sql
        sql += f" LIMIT {limit or -1}" + (f" OFFSET {offset}" if offset else "")
        return f"SELECT * FROM ({sql})" if _is_in_a_union(node) else sql  # noqa: S608

    def _identifier(self, node: Any) -> str:
        """Quote by backticks: SQLite takes an unknown name in double quotes for a text."""
        return "`" + _plain(node).replace("`", "``") + "`"

    def _table(self, node: Any) -> str:
        name = "".join(_plain(child) for child in node.children)
        self.translated.tables.append(name)
        written = [
            "." if child.getText() == "." else "`" + _plain(child).replace("`", "``") + "`"
            for child in node.children
        ]
        return "".join(written)

    def _columns(self, node: Any) -> str:
        """Write a column, or all of a table, which SQLite takes without the name of a schema."""
        if len(node.children) == 1:
            return self.write(node.children[0])
        table = _only(node.children[0], "Table_name")
        last = table.children[-1] if table is not None else node.children[0]
        return f"`{_plain(last)}`.*"

    def _column(self, node: Any) -> str:
        value = node.children[0]
        sql = self.write(value)
        reference = _only(value, "Column_reference")
        name = _plain(reference.children[-1]) if reference is not None else ""
        if len(node.children) > 1:
            alias = _plain(node.children[1].children[-1])
            if name:
                self.translated.origins[alias.lower()] = name.lower()
            return f"{sql} AS `{alias}`"
        if name:
            return sql
        text = str(value.getText())
        called = re.match(r"[A-Za-z_]\w*(?=\()", text)
        return f"{sql} AS `{_called(called[0].lower()) if called else 'expression'}`"

    def _arguments(self, node: Any) -> list[str]:
        """Return what stands between the brackets, without the name of a frame."""
        return [
            self.write(child)
            for child in node.children[2:-1]
            if child.getText() != "," and _kind(child) != "Coord_sys"
        ]

    def _numbers(self, node: Any) -> list[str]:
        """Return the numbers of a region; a centre given as a point is taken apart."""
        found: list[str] = []
        for child in node.children[2:-1]:
            point, pair = _only(child, "Point"), _only(child, "Coordinates")
            if child.getText() == "," or _kind(child) == "Coord_sys":
                continue
            if point is not None:
                found += self._numbers(point)
            elif pair is not None:
                found += [self.write(pair.children[0]), self.write(pair.children[2])]
            else:
                found.append(self.write(child))
        return found

    def _call(self, function: str, arguments: list[str]) -> str:
        return f"{function}({', '.join(arguments)})"

    def _contains(self, node: Any) -> str:
        inner, outer = (child for child in node.children[2:-1] if child.getText() != ",")
        point, circle = _only(inner, "Point"), _only(outer, "Circle")
        if point is None or circle is None:
            return self._call("adql_contains", [self.write(inner), self.write(outer)])
        lon, lat = self._numbers(point)
        lon0, lat0, radius = self._numbers(circle)
        # Most rows fall out by their declination, before Python is asked.
        near = f"({lat}) BETWEEN ({lat0}) - ({radius}) AND ({lat0}) + ({radius})"
        inside = self._call("adql_in_circle", [lon, lat, lon0, lat0, radius])
        return f"({near} AND {inside})"

    def _distance(self, node: Any) -> str:
        points = [_only(child, "Point") for child in node.children[2:-1] if child.getText() != ","]
        if len(points) == 4:
            return self._call("adql_distance", self._arguments(node))
        if None in points:
            return self._call("adql_between", self._arguments(node))
        return self._call("adql_distance", [n for point in points for n in self._numbers(point)])

    def _like(self, node: Any) -> str:
        parts = [self.write(child) for child in node.children]
        if "ILIKE" not in (part.upper() for part in parts):
            return " ".join(parts)
        return " ".join(
            "LIKE"
            if part.upper() == "ILIKE"
            else part
            if part.upper() == "NOT"
            else f"lower({part})"
            for part in parts
        )


def _plain(node: Any) -> str:
    text = str(node.getText())
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _is_in_a_union(node: Any) -> bool:
    parent = node.parentCtx
    while parent is not None and _kind(parent) not in {"Subquery", "With_query"}:
        if _kind(parent) in {"Query_expression", "Query_term"} and len(parent.children) > 1:
            return any(
                child.getText().upper() in {"UNION", "INTERSECT", "EXCEPT"}
                for child in parent.children
            )
        parent = parent.parentCtx
    return False
