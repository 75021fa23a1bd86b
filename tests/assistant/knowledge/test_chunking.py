import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.knowledge.chunking import MOST_CHARACTERS, MOST_WHOLE, chunks_of

_LINES = st.sampled_from(
    ["", "# Title", "## Part", "Words of a paragraph.", "| a | b |", "```", "    code", "=====",
     "-----", "+---+", "==== ====", ".. note::", "A title", "\t", "ends::", "Ünïcode \u2028 text"]
)  # fmt: skip
_TEXTS = st.lists(_LINES, max_size=60).map("\n".join) | st.text(max_size=4000)
_FORMS = st.sampled_from(["md", "rst", "txt"])


@given(_TEXTS, _FORMS)
def test_a_range_gives_back_its_text(text, form):
    for chunk in chunks_of(text, form):
        assert text[chunk.start : chunk.stop] == chunk.text


@given(_TEXTS, _FORMS)
def test_chunks_are_in_order_and_only_blanks_lie_outside_them(text, form):
    end = 0
    for chunk in chunks_of(text, form):
        assert not text[end : chunk.start].strip()
        assert chunk.stop > chunk.start >= end
        end = chunk.stop
    assert not text[end:].strip()


@given(st.text(alphabet="ab .\n", max_size=20).map(lambda piece: f"a{piece}" * 700))
def test_a_chunk_of_running_text_is_never_too_long(text):
    assert all(len(chunk.text) <= MOST_CHARACTERS for chunk in chunks_of(text, "txt"))


def _paragraphs(count):
    return "\n\n".join(f"Sentence {k} of a paragraph that says something." for k in range(count))


def test_a_chunk_tells_title_and_headings_above_it():
    text = f"# Gaia\n\n{_paragraphs(30)}\n\n## Photometry\n\n{_paragraphs(30)}"
    chunks = chunks_of(text, "md", title="Handbook")
    assert chunks[0].heading == "Handbook > Gaia"
    assert chunks[-1].heading == "Handbook > Gaia > Photometry"
    assert chunks[-1].in_context.startswith("Handbook > Gaia > Photometry\n")


def test_a_title_that_is_the_first_heading_is_told_once():
    assert chunks_of("# Gaia\n\nWords.", "md", title="Gaia")[0].heading == "Gaia"


def test_a_heading_goes_with_what_it_heads():
    text = f"{'word ' * 190}\n\n## Photometry\n\n{'word ' * 200}"
    chunks = chunks_of(text, "md")
    assert [chunk.text.startswith("## Photometry") for chunk in chunks] == [False, True]


@pytest.mark.parametrize(
    ("form", "whole"),
    [
        pytest.param("md", "```python\n" + "x = 1\n\n" * 400 + "```", id="md-code"),
        pytest.param("md", "| a | b |\n" * 300, id="md-table"),
        pytest.param("rst", "Like this::\n\n" + "    x = 1\n\n" * 300, id="rst-code"),
        pytest.param("rst", "==== ====\na    b\n==== ====\n" + "1    2\n" * 300 + "==== ====",
                     id="rst-table"),
        pytest.param("rst", "+---+---+\n" + "| a | b |\n+---+---+\n" * 150, id="rst-grid"),
    ],
)  # fmt: skip
def test_tables_and_code_are_kept_whole(form, whole):
    text = f"{_paragraphs(20)}\n\n{whole}\n\n{_paragraphs(20)}"
    assert MOST_CHARACTERS < len(whole) < MOST_WHOLE
    assert any(whole.strip() in chunk.text for chunk in chunks_of(text, form))


def test_adornments_of_restructured_text_rank_by_their_first_use():
    body = "Words. " * 200
    heads = ["====\nGaia\n====", "Part\n----", "Piece\n~~~~~", "Next\n----"]
    text = "\n\n".join(f"{head}\n\n{body}" for head in heads)
    headings = [chunk.heading for chunk in chunks_of(text, "rst")]
    assert headings[-1] == "Gaia > Next"
    assert "Gaia > Part > Piece" in headings


def test_hashes_inside_a_code_block_are_no_headings():
    chunks = chunks_of(f"# Real\n\n```\n# not one\n```\n\n{_paragraphs(40)}", "md")
    assert {chunk.heading for chunk in chunks} == {"Real"}


def test_a_blank_text_has_no_chunk():
    assert chunks_of(" \n\n\t", "md") == []
