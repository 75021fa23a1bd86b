"""What a TAP service says about itself: availability, capabilities, tables, examples.

References
----------
.. [1] IVOA Support Interfaces 1.1 (2017); TAPRegExt 1.0 (2012); VODataService 1.1 (2010).
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from skywright.sources.sandbox.holdings import Field, Table

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_VODS = 'xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"'
_ESA = 'xmlns:esatapplus="http://esa.int/xml/EsaTapPlus"'  # its clients want flags of columns
_FEATURES = ("POINT", "CIRCLE", "BOX", "POLYGON", "CONTAINS", "INTERSECTS", "DISTANCE", "AREA")


def availability() -> bytes:
    """Say that the service is there."""
    head = 'xmlns:vosi="http://www.ivoa.net/xml/VOSIAvailability/v1.0"'
    note = "<vosi:note>A stand-in on this machine</vosi:note>"
    return (
        f"{_XML}<vosi:availability {head}><vosi:available>true</vosi:available>{note}"
        "</vosi:availability>"
    ).encode()


def capabilities(url: str, limits: tuple[int, int]) -> bytes:
    """Describe the service; ``limits`` are the default and the most rows."""
    standards = "".join(
        _capability(f"ivo://ivoa.net/std/VOSI#{name}", f"{url}/{name}")
        for name in ("availability", "capabilities", "tables")
    )
    geometry = "".join(f"<feature><form>{name}</form></feature>" for name in _FEATURES)
    formats = "".join(
        f"<outputFormat><mime>{mime}</mime><alias>{alias}</alias></outputFormat>"
        for mime, alias in (
            ("application/x-votable+xml", "votable"),
            ("text/csv", "csv"),
            ("application/json", "json"),
        )
    )
    limit = (
        f'<outputLimit><default unit="row">{limits[0]}</default>'
        f'<hard unit="row">{limits[1]}</hard></outputLimit>'
    )
    language = (
        '<language><name>ADQL</name><version ivo-id="ivo://ivoa.net/std/ADQL#v2.0">2.0</version>'
        "<description>ADQL 2.0</description>"
        '<languageFeatures type="ivo://ivoa.net/std/TAPRegExt#features-adqlgeo">'
        f"{geometry}</languageFeatures></language>"
    )
    upload = '<uploadMethod ivo-id="ivo://ivoa.net/std/TAPRegExt#upload-inline"/>'
    tap = (
        '<capability standardID="ivo://ivoa.net/std/TAP" xsi:type="tr:TableAccess">'
        f"{_interface(url, 'base')}{language}{formats}{upload}{limit}</capability>"
    )
    examples = _capability("ivo://ivoa.net/std/DALI#examples", f"{url}/examples")
    return (
        f'{_XML}<vosi:capabilities xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0" '
        f'xmlns:tr="http://www.ivoa.net/xml/TAPRegExt/v1.0" {_VODS} {_XSI}>'
        f"{standards}{tap}{examples}</vosi:capabilities>"
    ).encode()


def _capability(standard: str, url: str) -> str:
    return f'<capability standardID="{standard}">{_interface(url, "full")}</capability>'


def _interface(url: str, use: str) -> str:
    return (
        '<interface role="std" xsi:type="vs:ParamHTTP">'
        f'<accessURL use="{use}">{escape(url)}</accessURL></interface>'
    )


def tables(known: Iterable[Table], *, with_columns: bool = True) -> bytes:
    """List schemas, tables and columns."""
    schemas: dict[str, list[Table]] = {}
    for table in known:
        schemas.setdefault(table.schema or "public", []).append(table)
    inside = "".join(
        f"<schema><name>{escape(schema)}</name>"
        f"{''.join(_table(table, with_columns=with_columns) for table in listed)}</schema>"
        for schema, listed in schemas.items()
    )
    return (
        f'{_XML}<vosi:tableset xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" {_VODS} {_XSI} '
        f"{_ESA}>"
        f"{inside}</vosi:tableset>"
    ).encode()


def one_table(table: Table) -> bytes:
    """Describe one table with its columns."""
    described = _table(table, with_columns=True)
    head = (
        f'<vosi:table xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" {_VODS} {_XSI} {_ESA}>'
    )
    inside = described.removeprefix('<table type="table">').removesuffix("</table>")
    return f"{_XML}{head}{inside}</vosi:table>".encode()


def _table(table: Table, *, with_columns: bool) -> str:
    columns = "".join(map(_column, table.fields)) if with_columns else ""
    return (
        f'<table type="table"><name>{escape(table.full_name)}</name>'
        f"<description>{escape(table.description)}</description>{columns}</table>"
    )


def _column(one: Field) -> str:
    size = ' arraysize="*"' if one.datatype == "char" else ""
    unit = f"<unit>{escape(one.unit)}</unit>" if one.unit else ""
    ucd = f"<ucd>{escape(one.ucd)}</ucd>" if one.ucd else ""
    return (
        f'<column esatapplus:flags="0"><name>{escape(one.name)}</name>'
        f"<description>{escape(one.description)}</description>{unit}{ucd}"
        f'<dataType xsi:type="vs:VOTableType"{size}>{one.datatype}</dataType></column>'
    )


def examples(title: str, queries: Iterable[tuple[str, str]]) -> bytes:
    """Write a page of example queries as DALI has it."""
    told = "".join(
        f'<div id="e{k}" typeof="example" resource="#e{k}"><h2 property="name">{escape(name)}</h2>'
        f'<pre property="query" class="dachs-ex-query">{escape(query)}</pre></div>'
        for k, (name, query) in enumerate(queries)
    )
    return (
        f'{_XML}<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><title>'
        f"{escape(title)}</title></head>"
        f"<body vocab={quoteattr('http://www.ivoa.net/rdf/examples#')}>{told}</body></html>"
    ).encode()
