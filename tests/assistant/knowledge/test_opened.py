import pytest

from skywright.assistant.knowledge.embedding import embed_waiting
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.knowledge.opened import searcher_of
from skywright.assistant.knowledge.store import Document
from skywright.errors import InputError
from skywright.settings import Settings, get_settings
from tests.assistant.knowledge.fake_embedder import FakeEmbedder
from tests.assistant.knowledge.fake_pinecone import running_pinecone


def test_a_folder_is_opened_once_with_the_handbook_in_it():
    searcher = searcher_of(get_settings())
    assert searcher is searcher_of(get_settings())
    assert {one["name"] for one in searcher.store.stats()["collections"]} == {"handbook"}


def test_the_first_question_is_answered_by_meaning_too():
    if MiniLM.if_installed() is None:
        pytest.skip("needs the extra assistant")
    found = searcher_of(get_settings()).search("Which minor bodies could strike us one day?")
    assert found.legs == ("lexical", "dense")
    assert found.with_vector == found.chunks


def test_what_is_added_meanwhile_is_found():
    searcher = searcher_of(get_settings())
    searcher.store.add(Document("The quokka is no galaxy.", form="txt"))
    assert searcher.store.documents(collection="default")
    words = type(searcher)(searcher.store)
    assert words.search("quokka").hits[0].text == "The quokka is no galaxy."


def test_vectors_are_searched_where_the_settings_say(monkeypatch, tmp_path):
    monkeypatch.setattr(MiniLM, "if_installed", FakeEmbedder)
    with running_pinecone() as address:
        settings = Settings(
            data_dir=tmp_path,
            vectors_url=f"pinecone+http://{address}",
            pinecone_api_key="secret",
        )
        searcher = searcher_of(settings)
        embed_waiting(searcher.store, searcher.embedder, collection="handbook")
        found = searcher.search("What is a keyhole?")
        searcher.vectors.close()
    assert found.with_vector == found.chunks


def test_an_unknown_place_for_vectors_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(MiniLM, "if_installed", FakeEmbedder)
    with pytest.raises(InputError, match="no known kind"):
        searcher_of(Settings(data_dir=tmp_path, vectors_url="redis://localhost"))
