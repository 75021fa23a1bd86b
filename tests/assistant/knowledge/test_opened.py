from skywright.assistant.knowledge.opened import searcher_of
from skywright.assistant.knowledge.store import Document
from skywright.settings import get_settings


def test_a_folder_is_opened_once_with_the_handbook_in_it():
    searcher = searcher_of(get_settings())
    assert searcher is searcher_of(get_settings())
    assert {one["name"] for one in searcher.store.stats()["collections"]} == {"handbook"}


def test_what_is_added_meanwhile_is_found():
    searcher = searcher_of(get_settings())
    searcher.store.add(Document("The quokka is no galaxy.", form="txt"))
    assert searcher.store.documents(collection="default")
    words = type(searcher)(searcher.store)
    assert words.search("quokka").hits[0].text == "The quokka is no galaxy."
