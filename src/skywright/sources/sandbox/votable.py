"""Answers of a TAP service in its formats: VOTable, CSV, JSON; and the document of an error."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from skywright.sources.sandbox.holdings import Field

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
    '<RESOURCE type="results">\n'
)
_TAIL = "</RESOURCE>\n</VOTABLE>\n"
_LARGEST_INT = 2**31 - 1
_NULLS = {"long": -(2**63), "int": -(2**31), "short": -(2**15)}
VOTABLE = "application/x-votable+xml"


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows with what is known of their columns."""

    fields: tuple[Field, ...]
    rows: list[tuple[Any, ...]]
    is_cut: bool = False
    """Whether there were more rows than may be sent."""
    query: str = ""
    table: str = ""
    """Name of the table, where it has one."""


def typed(field: Field, values: Sequence[Any]) -> Field:
    """Return a field whose datatype holds all the values."""
    there = [value for value in values if value is not None]
    is_whole = all(isinstance(value, int) for value in there)
    is_number = is_whole or all(isinstance(value, int | float) for value in there)
    if not there or (is_number and field.datatype in {"double", "float"}):
        wanted = field.datatype
    elif is_whole and max(map(abs, there)) > _LARGEST_INT:
        wanted = "long"
    elif is_whole:
        wanted = field.datatype if field.datatype in _NULLS else "int"
    else:
        wanted = "double" if is_number else "char"
    return Field(field.name, wanted, field.unit, field.ucd, field.description)


def as_votable(answer: Answer) -> bytes:
    """Write VOTable 1.4 in TABLEDATA; an overflow is told after the table, as TAP wants it."""
    out = [_HEAD, '<INFO name="QUERY_STATUS" value="OK"/>\n']
    if answer.query:
        out.append(f'<INFO name="QUERY" value={quoteattr(answer.query)}/>\n')
    out.append(f"<TABLE name={quoteattr(answer.table)}>\n" if answer.table else "<TABLE>\n")
    out += map(_field, answer.fields)
    out.append("<DATA><TABLEDATA>\n")
    nulls = [f"{_NULLS[one.datatype]}" if one.datatype in _NULLS else "" for one in answer.fields]
    for row in answer.rows:
        cells = (_cell(value, null) for value, null in zip(row, nulls, strict=True))
        out.append(f"<TR>{''.join(cells)}</TR>\n")
    out.append("</TABLEDATA></DATA>\n</TABLE>\n")
    if answer.is_cut:
        out.append('<INFO name="QUERY_STATUS" value="OVERFLOW"/>\n')
    return "".join([*out, _TAIL]).encode()


def error_document(message: str) -> bytes:
    """Write the VOTable by which a service says that a query failed."""
    info = f'<INFO name="QUERY_STATUS" value="ERROR">{escape(message)}</INFO>\n'
    return f"{_HEAD}{info}{_TAIL}".encode()


def _field(one: Field) -> str:
    size = ' arraysize="*"' if one.datatype == "char" else ""
    told = "".join(
        f" {name}={quoteattr(value)}"
        for name, value in (("unit", one.unit), ("ucd", one.ucd))
        if value
    )
    inside = f"<DESCRIPTION>{escape(one.description)}</DESCRIPTION>" if one.description else ""
    if one.datatype in _NULLS:
        inside += f'<VALUES null="{_NULLS[one.datatype]}"/>'
    name = quoteattr(one.name)
    return f'<FIELD name={name} datatype="{one.datatype}"{size}{told}>{inside}</FIELD>\n'


def _cell(value: Any, null: str) -> str:
    if value is None:
        return f"<TD>{null}</TD>"
    if isinstance(value, float):
        return f"<TD>{'NaN' if math.isnan(value) else repr(value)}</TD>"
    return f"<TD>{escape(str(value))}</TD>"


def as_csv(answer: Answer) -> bytes:
    """Write CSV with one line of names; nothing for null."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([one.name for one in answer.fields])
    writer.writerows(answer.rows)
    return out.getvalue().encode()


def as_json(answer: Answer) -> bytes:
    """Write JSON as the archive of ESA does: ``metadata`` of the columns, then ``data``."""
    metadata = [
        {
            "name": one.name,
            "datatype": one.datatype,
            "xtype": None,
            "arraysize": "*" if one.datatype == "char" else None,
            "description": one.description or None,
            "unit": one.unit or None,
            "ucd": one.ucd or None,
            "utype": None,
        }
        for one in answer.fields
    ]
    return json.dumps({"metadata": metadata, "data": answer.rows}).encode()


def as_records(answer: Answer) -> bytes:
    """Write JSON as the Exoplanet Archive does: a list of objects."""
    names = [one.name for one in answer.fields]
    return json.dumps([dict(zip(names, row, strict=True)) for row in answer.rows]).encode()


FORMATS = {
    "votable": (VOTABLE, as_votable),
    "votable/td": (VOTABLE, as_votable),
    "votable_plain": (VOTABLE, as_votable),
    "application/x-votable+xml": (VOTABLE, as_votable),
    "application/x-votable+xml;serialization=tabledata": (VOTABLE, as_votable),
    "text/xml": (VOTABLE, as_votable),
    "votable_gzip": (VOTABLE, lambda answer: gzip.compress(as_votable(answer), 1)),
    "csv": ("text/csv", as_csv),
    "text/csv": ("text/csv", as_csv),
    "json": ("application/json", as_json),
    "application/json": ("application/json", as_json),
}
"""Media type and writer of each value of FORMAT or RESPONSEFORMAT, in lower case."""
