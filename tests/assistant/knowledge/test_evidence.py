import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.knowledge.abstention import probability, weights_of
from skywright.assistant.knowledge.embedding import embed_waiting
from skywright.assistant.knowledge.evidence import find_evidence, is_verbatim, locate
from skywright.assistant.knowledge.lexical import (
    identifiers_in,
    term_asked_for,
    words_that_matter,
)
from skywright.assistant.knowledge.measures import auroc, auroc_interval
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.stems import asked_in, stems_of
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.errors import InputError, NotFoundError
from tests.assistant.knowledge.fake_embedder import FakeEmbedder

SDSS = """# SDSS cones

The server holds images and spectra. A cone search has a strict
limit of 3 arcmin on its radius. Rectangles may be larger.

# Rates

You may ask ten times a second.
"""


@pytest.fixture
def store(tmp_path):
    store = KnowledgeStore(tmp_path / "knowledge.db")
    store.add(Document(SDSS, title="SDSS", source="sdss.md", form="md"))
    for k in range(8):
        store.add(
            Document(f"Page {k} tells of comets, their tails and their orbits.", source=f"{k}")
        )
    return store


def test_the_sentence_that_answers_is_quoted_with_its_place_in_the_document(store):
    best = find_evidence(Searcher(store), "What limits the radius of a cone?").citations[0]
    assert best.quote == "A cone search has a strict\nlimit of 3 arcmin on its radius."
    assert SDSS[best.start : best.stop] == best.quote
    assert best.source == "sdss.md"


def test_every_quote_is_verbatim(store):
    evidence = find_evidence(Searcher(store), "comets, their tails and their orbits")
    assert len(evidence.citations) == 3
    assert all(is_verbatim(store, one) for one in evidence.citations)


def test_at_most_as_many_quotes_as_wanted(store):
    evidence = find_evidence(Searcher(store), "comets tails", most_quotes=1)
    assert len(evidence.citations) == 1


@pytest.mark.parametrize(
    "change",
    [{"quote": "A cone search has no limit."}, {"start": 0}, {"id": "999"}, {"id": "x"},
     {"kind": "tool"}, {"quote": "", "start": 0, "stop": 0}],
)  # fmt: skip
def test_what_does_not_stand_there_is_not_verbatim(store, change):
    citation = find_evidence(Searcher(store), "limit of the cone radius").citations[0]
    assert is_verbatim(store, citation)
    assert not is_verbatim(store, citation.model_copy(update=change))


def test_a_quote_of_a_removed_document_is_no_longer_verbatim(store):
    evidence = find_evidence(Searcher(store), "limit of the cone radius")
    store.remove(evidence.found.hits[0].document_id)
    assert not is_verbatim(store, evidence.citations[0])


def test_words_are_located_though_their_lines_end_elsewhere(store):
    chunk = find_evidence(Searcher(store), "cone radius").found.hits[0].chunk_id
    found = locate(store, chunk, "a strict limit of 3  arcmin")
    assert found.quote == "a strict\nlimit of 3 arcmin"
    assert is_verbatim(store, found)
    assert locate(store, chunk, "a strict limit of 4 arcmin") is None


def test_words_of_no_chunk_are_refused(store):
    with pytest.raises(NotFoundError, match="no chunk 999"):
        locate(store, 999, "anything")


def test_nothing_found_is_no_evidence(store):
    evidence = find_evidence(Searcher(store), "quantum chromodynamics")
    assert evidence.citations == ()
    assert evidence.confidence == 0
    assert not evidence.is_answerable


def test_a_blank_question_is_refused(store):
    with pytest.raises(InputError, match="blank"):
        find_evidence(Searcher(store), " ")


@pytest.mark.parametrize("embedder", [None, FakeEmbedder()])
def test_what_is_answered_is_trusted_more_than_what_only_shares_a_word(store, embedder):
    if embedder:
        embed_waiting(store, embedder)
    searcher = Searcher(store, embedder)
    answered = find_evidence(searcher, "strict limit on the radius of a cone search")
    not_answered = find_evidence(searcher, "which detector measures the limit of neutrino masses")
    assert answered.confidence > not_answered.confidence


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("what is a MOID", "MOID"), ("What does RUWE mean?", "RUWE"), ("define albedo", "albedo"),
        ("How is the Palermo scale defined?", "Palermo scale"), ("What's meant by 'Pc'?", "Pc"),
        ("tell me what PHA stands for", "PHA"), ("meaning of bp_rp", "bp_rp"),
        ("how does the Torino scale work", "Torino scale"),
        ("Please explain what a keyhole is.", "keyhole"), ("How is the weather?", ""),
        ("Which planets are gas giants?", ""), ("what is", ""),
        ("What is the limit on the radius of a cone search?", ""),
    ],
)  # fmt: skip
def test_the_term_that_is_asked_for(question, term):
    assert term_asked_for(question) == term


def test_acronyms_are_names_unless_all_is_shouted():
    assert identifiers_in("Is the MOID of IC 434 large?") == ["IC 434", "MOID"]
    assert identifiers_in("WHAT IS A MOID") == []


def test_the_words_that_ask_for_a_meaning_are_not_looked_for():
    assert words_that_matter("What does the mean motion mean?") == ["mean", "motion"]
    assert words_that_matter("What does TCA stand for?") == ["tca"]


@pytest.mark.parametrize("question", ["and 0.5 degrees?", "with 3 arcmin", "10 km"])
def test_an_amount_alone_is_no_question(store, question):
    store.add(Document("The orbit drifts by 0.5 degrees, 3 arcmin or 10 km, and so on."))
    assert not find_evidence(Searcher(store), question).is_answerable


@pytest.mark.parametrize(
    "text",
    [
        "The tail ratio (TR) is the length of a comet's tail over its coma.",
        "TR means tail ratio.",
        "| TR | length of the tail over the coma |",
    ],
    ids=["in brackets", "first", "row"],
)
def test_what_explains_a_term_comes_before_what_only_holds_it(store, text):
    uses = "The TR of the comet is large. Whoever measures a TR takes a picture, and a TR again."
    store.add_all([Document(uses, source="uses"), Document(text, source="explains", form="md")])
    evidence = find_evidence(Searcher(store), "What is a TR?")
    assert evidence.citations[0].source == "explains"
    assert evidence.is_answerable


def test_what_stands_under_a_term_as_its_heading_explains_it(store):
    store.add(Document("# Quokka index\n\nA number from 0 to 10, for the public.", form="md"))
    evidence = find_evidence(Searcher(store), "What is the quokka index?")
    assert evidence.citations[0].quote == "A number from 0 to 10, for the public."
    assert evidence.is_answerable


def test_the_names_of_columns_are_no_quote(store):
    store.add(Document("| quokka | meaning |\n|---|---|\n| fur | soft quokka |\n", form="md"))
    quotes = [one.quote for one in find_evidence(Searcher(store), "quokka meaning").citations]
    assert quotes == ["| fur | soft quokka |"]


def test_stems_are_those_of_the_index():
    assert stems_of(["Galaxies collided", "a galaxy"]) == [["galaxi", "collid"], ["a", "galaxi"]]


def test_a_word_that_few_documents_hold_weighs_more(store):
    with store.read() as connection:
        asked = asked_in(connection, "Are comets near a rectangle or a neutrino?")
    assert asked.rarity["neutrino"] > asked.rarity["rectangl"] > asked.rarity["comet"]
    assert asked.unknown == {"neutrino", "near"}
    assert asked.cover(asked.rarity) == pytest.approx(1)


@pytest.mark.parametrize("legs", [("lexical",), ("lexical", "dense")])
@pytest.mark.parametrize("sign", ["cover_chunk", "lexical_margin"])
def test_a_stronger_sign_never_lowers_the_probability(store, legs, sign):
    signs = find_evidence(Searcher(store), "cone radius").signs
    stronger = dataclasses.replace(signs, **{sign: getattr(signs, sign) + 0.2})
    assert 0 < probability(signs, legs) < probability(stronger, legs) < 1


def test_there_are_weights_for_both_kinds_of_search():
    assert {"intercept"} <= weights_of("dense").keys() & weights_of("lexical").keys()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40))
def test_the_area_counts_the_pairs_in_order(told):
    scores, kinds = zip(*told, strict=True)
    good = [one for one, kind in told if kind]
    bad = [one for one, kind in told if not kind]
    pairs = [(a > b) + (a == b) / 2 for a in good for b in bad]
    if pairs:
        assert auroc(scores, kinds) == pytest.approx(sum(pairs) / len(pairs))


def test_the_interval_of_an_area_holds_it():
    scores, kinds = [0.1, 0.4, 0.35, 0.8, 0.7, 0.2], [False, False, True, True, True, False]
    low, high = auroc_interval(scores, kinds)
    assert low <= auroc(scores, kinds) <= high


def test_a_document_that_waits_for_its_vector_is_judged_by_its_words(store):
    embedder = FakeEmbedder()
    embed_waiting(store, embedder)
    text = "The keyhole of Apophis was about six hundred metres wide."
    store.add(Document(text, source="new.md"))
    evidence = find_evidence(Searcher(store, embedder), "How wide was the keyhole of Apophis?")
    assert evidence.found.hits[0].source == "new.md"
    assert evidence.found.hits[0].cosine is None
    assert evidence.is_answerable
