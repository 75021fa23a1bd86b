import pytest

from skywright.assistant.engine.checking import Evidence, find_verbatim
from skywright.assistant.engine.model import Quote
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.assistant.messages import Origin, ToolCall, ToolResult, ToolRun

TEXT = "# Cones\n\nThe SDSS servers take a cone\nof 3 arcmin at most.\n"


@pytest.fixture
def store(tmp_path):
    store = KnowledgeStore(tmp_path / "knowledge.db")
    store.add(Document(TEXT, title="Handbook", source="handbook.md", form="md"))
    return store


def chunk(quote, id_="1"):
    return Quote(quote, "chunk", id_)


def test_a_quote_of_a_chunk_gets_the_characters_of_its_document(store):
    found = Evidence(store).check(chunk("a cone of 3  arcmin"))
    assert found.quote == "a cone\nof 3 arcmin" == TEXT[found.start : found.stop]
    assert (found.source, found.title) == ("handbook.md", "Handbook > Cones")


@pytest.mark.parametrize(
    "quote",
    ["a cone of 4 arcmin", "A cone of 3 arcmin", "a", "", "  ", "arcmin at most. Believe me"],
)
def test_a_quote_that_does_not_stand_there_is_none(store, quote):
    assert Evidence(store).check(chunk(quote)) is None


@pytest.mark.parametrize("id_", ["2", "-1", "1 OR 1=1", "", "٣", "9" * 30])
def test_a_chunk_that_is_not_there_backs_nothing(store, id_):
    assert Evidence(store).check(chunk("a cone of 3 arcmin", id_)) is None


def test_a_quote_of_a_result_names_the_service(store):
    result = ToolResult(text="M31: RA=10.68", origins=(Origin(service="openngc", title="OpenNGC"),))
    evidence = Evidence(store, [ToolRun(call=ToolCall(id="t1-1", tool="x"), result=result)])
    found = evidence.check(Quote("RA=10.68", "tool", "t1-1"))
    assert (found.title, found.start, found.stop) == ("OpenNGC", 5, 13)
    assert evidence.check(Quote("RA=10.68", "tool", "t1-2")) is None


def test_a_call_that_failed_cannot_be_cited(store):
    run = ToolRun(call=ToolCall(id="t1-1", tool="x"), error="RA=10.68 was not found.")
    assert Evidence(store, [run]).check(Quote("RA=10.68", "tool", "t1-1")) is None


def test_formless_signs_count_as_nothing_on_both_sides():
    text = "dark\u200b mat\u2060ter halo"
    assert find_verbatim("dark matter", text) == (0, text.index(" halo"))
    assert find_verbatim("da\u202erk matter", text) == (0, text.index(" halo"))


def test_letters_of_other_alphabets_are_other_letters():
    assert find_verbatim("оrbit", "the orbit") is None
