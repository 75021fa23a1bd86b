import json
import math

import pytest
from typer.testing import CliRunner

from skywright.assistant.evaluating_answers import compare_answers, evaluate_answers
from skywright.assistant.evaluation import write_lines
from skywright.cli.main import app
from skywright.errors import InputError

DOCUMENTS = {
    "sdss": "The cone search of this server has a strict limit\nof 3 arcmin on the radius.",
    "rates": "Whoever asks SIMBAD more than ten times a second is refused for an hour.",
    "gaia": "Set the row limit to minus one and every source comes back.",
}
QUESTIONS = [
    ("a", "What is the limit on the radius of a cone search?", "sdss", "limit of 3 arcmin"),
    ("b", "For how long does SIMBAD refuse who asks too often?", "rates", "for an hour"),
    ("c", "Which detector saw neutrinos of a supernova first?", "", ""),
]


@pytest.fixture
def files(tmp_path):
    corpus, questions = tmp_path / "corpus.jsonl", tmp_path / "questions.jsonl"
    texts = [{"doc_id": key, "text": text} for key, text in DOCUMENTS.items()]
    asked = [
        {
            "id": id_,
            "question": text,
            "answerable": bool(source),
            "doc_id": source,
            "answer": answer,
        }
        for id_, text, source, answer in QUESTIONS
    ]
    corpus.write_text("\n".join(map(json.dumps, texts)), encoding="utf-8")
    questions.write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    return corpus, questions


def test_shares_count_the_questions_that_have_an_answer(files):
    told = evaluate_answers(*files, None).to_dict()
    assert (told["questions"], told["answerable"]) == (3, 2)
    assert told["answer_in_quotes"]["share"] == 1.0
    assert told["document_in_top_5"]["of"] == 2
    assert told["verbatim_quotes"] == {"share": 1.0, "of": 2}


def test_silence_is_told_from_an_answer(files):
    told = evaluate_answers(*files, None).to_dict()["abstention"]
    assert told["auroc"] == 1.0
    assert told["risk_coverage"][-1]["risk"] == pytest.approx(1 / 3, abs=1e-3)
    assert 0.0 <= told["interval_95"][0] <= told["auroc"]


def test_a_higher_bar_gives_fewer_false_answers_and_fewer_answers(files):
    curve = evaluate_answers(*files, None).to_dict()["abstention"]["false_answers"]
    assert [one["least_confidence"] for one in curve][::5] == [0.0, 0.5]
    for name in ("answered", "false_answers"):
        shares = [one[name] for one in curve]
        assert shares == sorted(shares, reverse=True)
    assert curve[0]["answered"] == 1.0
    assert curve[5]["false_answers"] == 0.0


def test_without_a_question_of_one_kind_there_is_no_area(files):
    lines = files[1].read_text(encoding="utf-8").splitlines()
    files[1].write_text("\n".join(lines[:2]), encoding="utf-8")
    told = evaluate_answers(*files, None).to_dict()["abstention"]
    assert math.isnan(told["auroc"])
    assert told["false_answers"][0]["false_answers"] is None


def test_ids_may_be_numbers_and_a_document_may_have_no_text(files):
    corpus, questions = files
    texts = [{"doc_id": 0, "text": DOCUMENTS["sdss"]}, {"doc_id": 1, "text": " "},
             {"doc_id": 2, "text": "<p></p>", "format": "html"}]  # fmt: skip
    asked = [{"id": 0, "question": QUESTIONS[0][1], "doc_id": 0, "answer": "3 arcmin"},
             {"id": 1, "question": "What does the empty one say?", "doc_id": 1, "answer": "x"},
             {"id": 2, "question": QUESTIONS[2][1], "doc_id": None}]  # fmt: skip
    corpus.write_text("\n".join(map(json.dumps, texts)), encoding="utf-8")
    questions.write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    report = evaluate_answers(corpus, questions, None)
    assert [one.is_answerable for one in report.judged] == [True, True, False]
    assert [one.document_in_top_5 for one in report.judged] == [True, False, False]
    assert [one.question_id for one in report.judged] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "row",
    [{"question": "What?", "answerable": False}, {"id": 1, "question": " ", "answerable": False},
     {"id": 1, "question": "What?", "answerable": "no"}],
)  # fmt: skip
def test_a_question_that_is_not_whole_is_refused_with_its_line(files, row):
    files[1].write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 1 of questions\.jsonl needs id, question and"):
        evaluate_answers(*files, None)


def test_a_run_compared_with_itself_differs_in_nothing(files, tmp_path):
    report = evaluate_answers(*files, None)
    write_lines([one.to_dict() for one in report.judged], tmp_path / "run.jsonl")
    told = compare_answers(tmp_path / "run.jsonl", report)
    assert told["questions"] == 3
    assert all(one["mean"] == 0 and not one["lost"] for one in told["differences"].values())


def test_what_was_lost_since_an_earlier_run_is_named(files, tmp_path):
    report = evaluate_answers(*files, None)
    rows = [one.to_dict() | {"answer_in_quotes": False} for one in report.judged]
    write_lines(rows, tmp_path / "run.jsonl")
    told = compare_answers(tmp_path / "run.jsonl", report)["differences"]["answer_in_quotes"]
    assert (told["mean"], told["gained"]) == (1.0, ["a", "b"])


def test_runs_of_other_questions_are_not_compared(files, tmp_path):
    (tmp_path / "run.jsonl").write_text('{"question_id": "z"}', encoding="utf-8")
    with pytest.raises(InputError, match="share no question"):
        compare_answers(tmp_path / "run.jsonl", evaluate_answers(*files, None))


def test_a_question_on_a_document_that_is_not_there_is_refused_with_its_line(files):
    corpus, questions = files
    questions.write_text(questions.read_text(encoding="utf-8").replace('"sdss"', '"other"'))
    with pytest.raises(InputError, match=r"Line 1 of questions\.jsonl: 'other' is not in"):
        evaluate_answers(corpus, questions, None)


def test_lines_that_are_no_json_are_refused(files):
    files[1].write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="Line 1 of questions.jsonl is not JSON"):
        evaluate_answers(*files, None)


def test_the_command_prints_one_object_and_writes_a_line_for_each_question(files, tmp_path):
    out = tmp_path / "run.jsonl"
    command = ["assistant", "evaluate", "answers", "--corpus", str(files[0]), "--questions",
               str(files[1]), "--lexical-only", "--json", "--per-question", str(out)]  # fmt: skip
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["verbatim_quotes"]["share"] == 1.0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.slow
def test_questions_on_real_documentation_by_words_alone(assistant_data):
    folder = assistant_data / "docs"
    told = evaluate_answers(
        folder / "docs_corpus.dev.jsonl.gz", folder / "docs_qa.dev.jsonl", None
    ).to_dict()
    assert told["verbatim_quotes"]["share"] == 1.0
    assert told["answer_in_top_5"]["share"] > 0.88
    assert told["abstention"]["auroc"] > 0.80
