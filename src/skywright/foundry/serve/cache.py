"""Answers given before, by version and row; for models that answer a row always the same."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json


def row_key(version: str, row: Mapping[str, Any]) -> bytes:
    """Return a digest of a checked row, whose columns stand in the order of the signature."""
    return hashlib.blake2b(to_json([version, row]), digest_size=16).digest()


class ResultCache:
    """The last answers of one endpoint; safe to use from several threads.

    Parameters
    ----------
    size : int
        Most answers; 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: OrderedDict[bytes, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> dict[str, Any] | None:
        """Return an answer given before."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: bytes, output: dict[str, Any]) -> None:
        """Keep an answer; the one asked longest ago makes room."""
        with self._lock:
            self._kept[key] = output
            self._kept.move_to_end(key)
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)
