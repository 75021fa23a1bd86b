"""The knowledge base of a data folder, opened once: what a search has read is kept for the next."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from skywright.assistant.knowledge.handbook import ensure_handbook
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.knowledge.remembering import Remembering
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.settings import Settings

_MOST_OPEN = 4


def searcher_of(settings: Settings) -> Searcher:
    """Return the search in the knowledge base of a data folder, with the handbook in it.

    It searches by meaning too where an embedder is installed; the vectors of the handbook are made
    with those of other documents (``skywright knowledge embed``).
    """
    return _searcher(KnowledgeStore.of(settings).path)


@lru_cache(maxsize=_MOST_OPEN)
def _searcher(path: Path) -> Searcher:
    store = KnowledgeStore(path)
    ensure_handbook(store)
    embedder = MiniLM.if_installed()
    return Searcher(store, Remembering(embedder) if embedder else None)
