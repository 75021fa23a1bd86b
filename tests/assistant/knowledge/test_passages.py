from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.knowledge.passages import passages_of


def told(text):
    return [(one.kind, text[one.start : one.stop]) for one in passages_of(text)]


def test_a_paragraph_is_cut_at_its_sentences_though_they_run_over_lines():
    text = "The limit is\n3 arcmin. Larger cones are refused.\n"
    assert told(text) == [
        ("sentence", "The limit is\n3 arcmin."),
        ("sentence", "Larger cones are refused."),
    ]


def test_an_abbreviation_ends_no_sentence():
    assert len(passages_of("See Gaia Collab. et al. 2023, e.g. Fig. 3 of it. It is long.")) == 2


def test_a_decimal_point_ends_no_sentence():
    assert len(passages_of("The radius is 0.0833 deg and no more.")) == 1


def test_rows_of_a_table_stand_alone_and_its_head_and_border_are_left_out():
    text = "| name | mag |\n|---|---|\n| Vega | 0.03 |\n"
    assert told(text) == [("row", "| Vega | 0.03 |")]


def test_headings_are_no_answers():
    text = "# Limits\n\nThree arcmin.\n\nRates\n=====\n\nTen a second.\n"
    assert [one for _, one in told(text)] == ["Three arcmin.", "Ten a second."]
    assert [one.title for one in passages_of(text)] == ["Limits", "Rates"]


def test_items_of_a_list_are_told_apart():
    assert len(passages_of("- one thing\n- another thing\n  that goes on\n")) == 2


def test_lines_of_code_come_a_few_at_a_time():
    text = "```\na = 1\nb = 2\nc = 3\nd = 4\n```\n"
    assert told(text) == [("code", "a = 1\nb = 2\nc = 3"), ("code", "b = 2\nc = 3\nd = 4")]


def test_indented_prose_is_prose_and_indented_calls_are_code():
    text = (
        "    The kernel of the body is read first\n    and the frame after it.\n\n    f(x) = g[y]\n"
    )
    assert [kind for kind, _ in told(text)] == ["sentence", "code"]


@given(st.text(alphabet="ab.A \n|#>=-`:1", max_size=120))
def test_every_passage_is_a_range_without_blanks_around_it(text):
    for one in passages_of(text):
        quote = text[one.start : one.stop]
        assert quote
        assert quote == quote.strip()
