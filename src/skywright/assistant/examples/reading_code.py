"""What is told of a block of Python before it runs: that it is Python and names what exists."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Collection, Iterator
from typing import Any

from skywright.sources.adql import check
from skywright.sources.adql_names import Known

MODULES = frozenset(
    {"astropy", "csv", "json", "math", "matplotlib", "numpy", "pathlib", "pyvo", "scipy",
     "skywright", "statistics"}
)  # fmt: skip
"""What a block may import."""

_QUERY = re.compile(r"\s*SELECT\b", re.IGNORECASE)


def fault_in(source: str, known: Known) -> str:
    """Return what is wrong with a block, or nothing.

    Parameters
    ----------
    source : str
        The block.
    known : mapping
        Columns by table, for queries in it.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return f"it is not Python: {error.msg} (line {error.lineno})"
    names: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and (fault := _import(node, names)):
            return fault
    faults = (_missing(node, names) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    told = next(filter(None, faults), "")
    return told or next(_bad_queries(tree, known), "")


def queries_in(source: str) -> list[str]:
    """Return the texts in a block that are queries."""
    return [*_queries(ast.parse(source))]


def _import(node: ast.Import | ast.ImportFrom, names: dict[str, Any]) -> str:
    """Import what is named and remember it; return what is wrong with it."""
    if isinstance(node, ast.ImportFrom):
        wanted = [
            (node.module or "", alias.name, alias.asname or alias.name) for alias in node.names
        ]
    else:
        wanted = [(alias.name, "", alias.asname or "") for alias in node.names]
    for module, name, bound in wanted:
        if not _is_allowed(module, MODULES):
            return f"it imports {module}, which is not among {', '.join(sorted(MODULES))}"
        try:
            found: Any = importlib.import_module(module)
        except ImportError:
            return f"the module {module} does not exist"
        if name:
            found = _member(found, name)
            if found is None:
                return f"{module} has no {name}"
        elif not bound:  # import a.b binds a
            bound = module.partition(".")[0]
            found = importlib.import_module(bound)
        names[bound] = found
    return ""


def _is_allowed(module: str, allowed: Collection[str]) -> bool:
    return module.partition(".")[0] in allowed


def _member(module: Any, name: str) -> Any:
    try:
        return getattr(module, name)
    except AttributeError:
        try:
            return importlib.import_module(f"{module.__name__}.{name}")
        except (ImportError, AttributeError):
            return None


def _missing(node: ast.Attribute, names: dict[str, Any]) -> str:
    """Tell which attribute of an imported thing does not exist: ``numpy.meen``."""
    chain: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        chain.insert(0, inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id not in names:
        return ""
    found, told = names[inner.id], inner.id
    for name in chain:
        if not hasattr(found, name):
            return f"{told} has no {name}"
        found, told = getattr(found, name), f"{told}.{name}"
    return ""


def _bad_queries(tree: ast.Module, known: Known) -> Iterator[str]:
    for query in _queries(tree):
        try:
            check(query, known)
        except ValueError as error:
            yield f"its query is refused: {error}"


def _queries(tree: ast.Module) -> Iterator[str]:
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in inside:
            continue
        if isinstance(node.value, str) and _QUERY.match(node.value):
            yield node.value
