"""The knowledge base of a data folder, opened once: what a search has read is kept for the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from skywright.assistant.knowledge.handbook import ensure_handbook
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.knowledge.remembering import Remembering
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.knowledge.stores.choosing import chosen_vectors
from skywright.settings import Settings

_MOST_OPEN = 4


def searcher_of(settings: Settings) -> Searcher:
    """Return the search in the knowledge base of a data folder, with the handbook in it.

    It searches by meaning too where an embedder is installed; the vectors of the handbook come
    with it, those of other documents are made by ``skywright knowledge embed``.
    """
    return _searcher(_Place(KnowledgeStore.of(settings).path, settings.vectors_url, settings))


@dataclass(frozen=True, slots=True)
class _Place:
    """What tells one opened knowledge base from another."""

    path: Path
    vectors_url: str
    settings: Settings = field(compare=False)


@lru_cache(maxsize=_MOST_OPEN)
def _searcher(place: _Place) -> Searcher:
    store = KnowledgeStore(place.path)
    installed = MiniLM.if_installed()
    ensure_handbook(store, installed)
    if installed is None:
        return Searcher(store)
    embedder = Remembering(installed)
    return Searcher(store, embedder, chosen_vectors(store, embedder, place.settings))
