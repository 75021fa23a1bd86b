"""What sources say in words, kept in the knowledge base."""

from dataclasses import replace

import pytest

from skywright.assistant.knowledge.collected import keep_texts
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.sources.collecting import Text
from skywright.sources.spacenews import STATE as SPACENEWS
from skywright.sources.spacex import STATE

CREW = Text("Crew-1", "Four people flew to the station.", "https://x.y/1", "2020-11-16")


@pytest.fixture
def store(tmp_path):
    return KnowledgeStore(tmp_path / "knowledge.db")


def test_a_text_becomes_a_document_of_the_collection_of_its_source(store):
    told = keep_texts(store, STATE, [CREW])
    assert told == {"documents": 1, "chunks": 1, "replaced": 0, "known_before": 0}
    (kept,) = store.documents(collection="spacex")
    assert (kept["title"], kept["source"]) == ("Crew-1", "https://x.y/1")
    assert (kept["version"], kept["licence"]) == ("2020-11-16", "Apache-2.0")
    assert "people" in Searcher(store, None).search("four people").hits[0].text


def test_the_same_text_is_kept_once(store):
    keep_texts(store, STATE, [CREW])
    assert keep_texts(store, STATE, [CREW])["known_before"] == 1
    assert len(store.documents()) == 1


def test_a_text_that_changed_replaces_the_one_before(store):
    keep_texts(store, STATE, [CREW, replace(CREW, url="https://x.y/2", title="Other")])
    told = keep_texts(store, STATE, [replace(CREW, text="Four people came back.")])
    assert (told["documents"], told["replaced"]) == (1, 1)
    assert {one["source"] for one in store.documents()} == {"https://x.y/1", "https://x.y/2"}
    texts = [hit.text for hit in Searcher(store, None).search("people").hits]
    assert any("came back" in text for text in texts)
    assert not any(hit.source == "https://x.y/1" and "station" in hit.text
                   for hit in Searcher(store, None).search("station").hits)  # fmt: skip


def test_documents_of_other_collections_and_without_a_source_stay(store):
    store.add(Document("Four people.", source=CREW.url), collection="mine")
    store.add_all([Document("One."), Document("Two.")], collection="spacex", replace=True)
    keep_texts(store, STATE, [CREW])
    assert len(store.documents()) == 4


def test_terms_stand_where_a_licence_has_no_name(store):
    keep_texts(store, SPACENEWS, [CREW])
    assert store.documents()[0]["licence"].startswith("Copyright SpaceNews")


def test_more_texts_than_one_transaction_are_all_kept(store):
    texts = [replace(CREW, url=f"https://x.y/{k}", text=f"Launch {k}.") for k in range(401)]
    assert keep_texts(store, STATE, texts)["documents"] == 401
