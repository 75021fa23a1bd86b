"""Texts that sources were collected with, as documents: one collection for each source."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.settings import Settings
from skywright.sources.collecting import Text
from skywright.sources.state import SourceState

_TRANSACTION = 200  # documents at once, so that a writer beside us waits a second at most


def keeper(settings: Settings) -> Callable[[SourceState, Sequence[Text]], dict[str, int]]:
    """Return what keeps the texts of a source in the knowledge base of these settings."""
    store = KnowledgeStore.of(settings)
    return lambda state, texts: keep_texts(store, state, texts)


def keep_texts(store: KnowledgeStore, state: SourceState, texts: Sequence[Text]) -> dict[str, int]:
    """Keep texts in the collection named after their source.

    Parameters
    ----------
    store : KnowledgeStore
        Where to.
    state : SourceState
        Whose they are.
    texts : sequence of Text
        A text replaces another one of the same address; the same content is kept once.

    Returns
    -------
    dict
        Counts: ``documents`` that are new, ``chunks`` of those, ``replaced``, ``known_before``.
    """
    documents = [_document(one, state) for one in texts]
    added = [
        one
        for k in range(0, len(documents), _TRANSACTION)
        for one in store.add_all(
            documents[k : k + _TRANSACTION], collection=state.name, replace=True
        )
    ]
    new = [one for one in added if one.is_new]
    return {
        "documents": len(new),
        "chunks": sum(one.chunks for one in new),
        "replaced": sum(one.replaced for one in added),
        "known_before": len(added) - len(new),
    }


def _document(text: Text, state: SourceState) -> Document:
    return Document(
        text.text,
        text.title,
        source=text.url,
        form=text.form,
        version=text.dated,
        licence=text.licence or state.spdx or state.licence,
    )
