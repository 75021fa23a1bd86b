"""The names in a query of ADQL: which tables it reads and which of their columns it names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skywright.errors import InputError

Known = Mapping[str, Collection[str]]
"""Columns by table; a table with none has columns that are not known here, and any is allowed."""

_STANDARD = "tap_schema."  # every service has these tables (TAP 1.1, section 4)


def place_of(line: int, column: int) -> str:
    """Return where something stands, counted from 1."""
    return f"line {line}, column {column + 1}"


def kind_of(node: Any) -> str:
    """Return the rule of the grammar that a node keeps."""
    return type(node).__name__.removesuffix("Context")


def children(node: Any) -> list[Any]:
    """Return what a node is made of; nothing for a word."""
    return list(node.getChildren()) if hasattr(node, "getChildren") else []


def outermost(node: Any, *kinds: str) -> Iterator[Any]:
    """Yield the nodes of some kinds that stand in no other of them, in order."""
    for child in children(node):
        if kind_of(child) in kinds:
            yield child
        else:
            yield from outermost(child, *kinds)


def child_of(node: Any, kind: str) -> Any:
    """Return the first part of a kind, or None."""
    return next((child for child in children(node) if kind_of(child) == kind), None)


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _parts(name: str) -> list[str]:
    return [_bare(part) for part in re.findall(r'"(?:[^"]|"")*"|[^.\s]+', name)]


@dataclass(slots=True)
class _Scope:
    """Tables that a SELECT can name, and the SELECT around it."""

    outer: _Scope | None
    tables: dict[str, tuple[str, dict[str, str] | None]] = field(default_factory=dict)
    """By the name they have here: full name, and columns by their lower case (None: any)."""
    made: set[str] = field(default_factory=set)
    """Names that the SELECT gives to its own columns."""


class Reading:
    """Goes through a query and notes what it names."""

    def __init__(self, text: str, known: Known | None) -> None:
        self._query = text
        self._known = None if known is None else {name.lower(): name for name in known}
        self._all = known or {}
        self._with: dict[str, dict[str, str] | None] = {}
        self.tables: dict[str, None] = {}
        self.columns: dict[str, None] = {}

    def read(self, select: Any, outer: _Scope | None) -> dict[str, str] | None:
        """Read one SELECT and return the columns it makes, None where any."""
        self._read_with(select)
        scope = _Scope(outer)
        expression = child_of(select, "Table_expression")
        source = child_of(expression, "From_clause") if expression is not None else None
        if source is not None:
            self._read_from(source, scope)
        made = self._made(child_of(select, "Select_list"), scope)
        scope.made = set(made or ())
        for child in children(select):
            self._read_names(child, scope)
        return made

    def _text(self, node: Any) -> str:
        """Return the words of a node as they were written, before the grammar's were put in."""
        if hasattr(node, "start"):
            return self._query[node.start.start : node.stop.stop + 1]
        return str(node.getText())

    def _read_with(self, select: Any) -> None:
        """Note the queries that stand before this SELECT under a name."""
        for one in children(select.parentCtx):
            if kind_of(one) == "With_query":
                name = _bare(self._text(children(one)[0])).lower()
                inner = next(outermost(one, "Select_query"))
                if name not in self._with:
                    self._with[name] = self.read(inner, None)

    def _read_from(self, node: Any, scope: _Scope) -> None:
        for reference in outermost(node, "Table_name", "Derived_table"):
            alias = child_of(reference.parentCtx, "Correlation_specification")
            if alias is None and kind_of(reference) == "Derived_table":
                alias = child_of(reference, "Correlation_specification")
            called = _bare(self._text(children(alias)[-1])) if alias is not None else ""
            if kind_of(reference) == "Table_name":
                full, columns = self._table(reference)
                scope.tables[(called or full).lower()] = (full, columns)
            else:
                inner = [self.read(one, scope) for one in outermost(reference, "Select_query")]
                scope.tables[called.lower()] = ("", inner[0])

    def _table(self, node: Any) -> tuple[str, dict[str, str] | None]:
        name = ".".join(_parts(self._text(node)))
        if name.lower() in self._with:
            return "", self._with[name.lower()]
        if self._known is None or name.lower().startswith(_STANDARD):
            self.tables.setdefault(name)
            return name, None
        full = self._known.get(name.lower()) or self._by_last_part(name)
        if full is None:
            place = place_of(node.start.line, node.start.column)
            message = f"There is no table {name!r} (named at {place})."
            raise InputError(message, hint=_near(name, self._known.values(), "tables"))
        self.tables.setdefault(full)
        columns = {column.lower(): column for column in self._all[full]}
        return full, columns or None

    def _by_last_part(self, name: str) -> str | None:
        low = name.lower()
        found = [
            full
            for key, full in (self._known or {}).items()
            if key.endswith(f".{low}") or low.endswith(f".{key}")
        ]
        return found[0] if len(found) == 1 else None

    def _made(self, chosen: Any, scope: _Scope) -> dict[str, str] | None:
        """Return the columns that a select list makes, None where any may be among them."""
        made: dict[str, str] = {}
        if [self._text(child) for child in children(chosen)] == ["*"]:
            return self._all_of(list(scope.tables.values()))
        for one in outermost(chosen, "Select_sublist"):
            qualifier = child_of(one, "Qualifier")
            derived = child_of(one, "Derived_column")
            if derived is None and qualifier is not None:
                more = self._all_of([self._qualified(qualifier, scope)])
                if more is None:
                    return None
                made |= more
                continue
            alias = child_of(derived, "As_clause")
            named = alias if alias is not None else derived
            name = _parts(self._text(named) if alias is None else self._text(children(alias)[-1]))[
                -1
            ]
            made[name.lower()] = name
        return made

    def _all_of(self, tables: list[tuple[str, dict[str, str] | None]]) -> dict[str, str] | None:
        made: dict[str, str] = {}
        for full, columns in tables:
            if full:
                self.columns.setdefault(f"{full}.*")
            if columns is None:
                return None
            made |= columns
        return made

    def _read_names(self, node: Any, scope: _Scope, *, sorts: bool = False) -> None:
        kind = kind_of(node)
        if kind == "Select_query":
            self.read(node, scope)
        elif kind == "Derived_table":
            return
        elif kind == "Column_reference":
            self._column(node, scope, is_made_allowed=sorts)
        elif kind in {"Join_column_list", "Using_columns"}:
            for name in outermost(node, "Column_name"):
                self._column(name, scope, is_made_allowed=False)
        else:
            sorts = sorts or kind in {"Order_by_clause", "Group_by_clause", "Having_clause"}
            for child in children(node):
                self._read_names(child, scope, sorts=sorts)

    def _column(self, node: Any, scope: _Scope, *, is_made_allowed: bool) -> None:
        qualifier = child_of(node, "Qualifier")
        name = _parts(self._text(node))[-1]
        if is_made_allowed and qualifier is None and name.lower() in scope.made:
            return
        if qualifier is not None:
            candidates = [self._qualified(qualifier, scope)]
        else:
            candidates = list(_all_tables(scope))
        for full, columns in candidates:
            if columns is not None and name.lower() in columns:
                self._note(full, columns[name.lower()])
                return
        unknown = [full for full, columns in candidates if columns is None]
        if unknown:
            self._note(unknown[0] if len(candidates) == 1 else "", name)
            return
        place = place_of(node.start.line, node.start.column)
        where = " or ".join(dict.fromkeys(full for full, _ in candidates if full)) or "the query"
        message = f"There is no column {name!r} in {where} (named at {place})."
        offered = [column for _, columns in candidates for column in (columns or {}).values()]
        raise InputError(message, hint=_near(name, offered, "columns"))

    def _note(self, table: str, column: str) -> None:
        self.columns.setdefault(f"{table}.{column}" if table else column)

    def _qualified(self, node: Any, scope: _Scope) -> tuple[str, dict[str, str] | None]:
        name = ".".join(_parts(self._text(node)))
        here: _Scope | None = scope
        while here is not None:
            for called, table in here.tables.items():
                if name.lower() == called or called.endswith(f".{name.lower()}"):
                    return table
            here = here.outer
        offered = list(scope.tables)
        message = (
            f"{name!r} (at {place_of(node.start.line, node.start.column)}) is no table of FROM."
        )
        raise InputError(message, hint=_near(name, offered, "tables"))


def _all_tables(scope: _Scope | None) -> Iterator[tuple[str, dict[str, str] | None]]:
    while scope is not None:
        yield from scope.tables.values()
        scope = scope.outer


def _near(name: str, offered: Collection[str], what: str) -> str:
    by_case = {one.lower(): one for one in offered}
    close = difflib.get_close_matches(name.lower(), by_case, n=3, cutoff=0.5)
    last = name.lower().rpartition(".")[2]
    close += [one for one in by_case if last and last in one and one not in close][:3]
    if close:
        return f"Near it are {', '.join(by_case[one] for one in close[:4])}."
    some = sorted(offered)[:8]
    return f"There are the {what} {', '.join(some)}." if some else ""
