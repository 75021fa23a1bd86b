"""Catalogues that are fetched as whole files: OpenNGC, and GCAT where its files are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from skywright.sources.sandbox.catalogues import opened
from skywright.sources.sandbox.tap import missing

_OTHER_NAMES = {"NGC.csv": "openngc_NGC.csv", "addendum.csv": "openngc_addendum.csv"}


class Files:
    """Files by their name, whatever the path before it."""

    def __init__(self, folders: Sequence[Path], names: Sequence[str]) -> None:
        self._files = {name: found for name in names if (found := _find(folders, name))}

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [Route("/{path:path}", self._file)] if self._files else []

    def _file(self, request: Request) -> Response:
        file = self._files.get(request.path_params["path"].rpartition("/")[2])
        if file is None:
            return missing()
        with opened(file) as text:
            return Response(text.read(), media_type="text/plain")


def _find(folders: Sequence[Path], name: str) -> Path | None:
    wanted = {
        name,
        name + ".gz",
        _OTHER_NAMES.get(name, name),
        _OTHER_NAMES.get(name, name) + ".gz",
    }
    return next(
        (file for folder in folders for file in sorted(folder.rglob("*")) if file.name in wanted),
        None,
    )
