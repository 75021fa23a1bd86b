import gzip
import json

import pytest

from skywright.assistant.benchmark_files import read_corpus, read_qrels, read_queries
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.errors import InputError, NotFoundError

QUERIES = {"1": "one?", "2": "two?"}
IDS = {"10": 5, "11": 6, "12": -1}


def _lines(path, *rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def _qrels(path, text):
    path.write_text(text, encoding="utf-8")
    return read_qrels(path, QUERIES, IDS)


def test_ids_may_be_numbers_nought_among_them(tmp_path):
    corpus = read_corpus(
        _lines(tmp_path / "c.jsonl", {"id": 0, "text": "a"}, {"_id": 1, "text": "b"})
    )
    assert [one.source for one in corpus.documents] == ["0", "1"]
    assert read_queries(_lines(tmp_path / "q.jsonl", {"id": 0, "question": "a?"})) == {"0": "a?"}


def test_passages_without_a_text_are_there_and_never_found(tmp_path):
    rows = [{"id": "a", "text": ""}, {"id": "b", "text": "A star."}, {"id": "c"},
            {"id": "d", "text": None}, {"id": "e", "text": " \n"}]  # fmt: skip
    corpus = read_corpus(_lines(tmp_path / "c.jsonl", *rows))
    assert corpus.blank == ("a", "c", "d", "e")
    assert corpus.add_to(KnowledgeStore(tmp_path / "k.db")) == {
        "b": 1, "a": -1, "c": -2, "d": -3, "e": -4
    }  # fmt: skip


def test_passages_of_the_same_text_are_one_document(tmp_path):
    corpus = read_corpus(
        _lines(tmp_path / "c.jsonl", {"id": "a", "text": "x"}, {"id": "b", "text": "x"})
    )
    assert corpus.add_to(KnowledgeStore(tmp_path / "k.db")) == {"a": 1, "b": 1}


def test_what_was_read_otherwise_before_is_not_kept_beside_it(tmp_path):
    store = KnowledgeStore(tmp_path / "k.db")
    store.add(Document("As an earlier version read it.", source="a"))
    corpus = read_corpus(_lines(tmp_path / "c.jsonl", {"id": "a", "text": "As it is."}))
    ids = corpus.add_to(store)
    assert [one["id"] for one in store.documents()] == [ids["a"]]
    assert corpus.add_to(store) == ids


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([{"text": "a"}], "Line 1 of c.jsonl has no id"),
        (
            [{"id": 7, "text": "a"}, {"id": "7", "text": "b"}],
            "Line 2 of c.jsonl has the id '7' again",
        ),
        ([{"id": 1, "text": ""}], "no passage with a text"),
        ([["a"]], "not lines of JSON objects: object 1"),
    ],
)
def test_what_is_no_corpus_is_refused(tmp_path, rows, error):
    with pytest.raises(InputError, match=error):
        read_corpus(_lines(tmp_path / "c.jsonl", *rows))


def test_separators_inside_a_text_do_not_end_its_line(tmp_path):
    line = json.dumps({"id": "a", "text": "one\u2028two\x85"}, ensure_ascii=False)
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(f"\ufeff{line}\r\n".encode()))
    (one,) = read_corpus(tmp_path / "c.jsonl.gz").documents
    assert one.text == "one\u2028two\x85"


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="There is no file"):
        read_queries(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    "text",
    ["query\tpassage\tgain\n1\t10\t2\n1\t11\t1\n2\t12\t1\n", "1\t10\t2\n1\t11\t1\n2\t12\t1",
     "1\t0\t10\t2\n1\t0\t11\t1\n2\t0\t12\t1\n\n", "\ufeffq\tp\r\n1\t10\t2\r\n1\t11\r\n2\t12\r\n"],
    ids=["header", "no header", "TREC", "marked, with blanks"],
)  # fmt: skip
def test_judgements_are_read_in_the_usual_forms(tmp_path, text):
    assert _qrels(tmp_path / "r.tsv", text) == {"1": {5: 2.0, 6: 1.0}, "2": {-1: 1.0}}


def test_a_judgement_of_nought_is_none(tmp_path):
    assert _qrels(tmp_path / "r.tsv", "1\t10\t0\n2\t11\t1\n2\t10\t-1\n") == {"2": {6: 1.0}}


@pytest.mark.parametrize("line", ["1\t99\t1", "9\t10\t1", "1", "1\t10\tmuch"])
def test_a_judgement_that_fits_nothing_is_refused_with_its_line(tmp_path, line):
    with pytest.raises(InputError, match=r"Line 2 of r\.tsv names no query and passage"):
        _qrels(tmp_path / "r.tsv", f"1\t10\t1\n{line}\n")


def test_without_a_relevant_passage_there_is_nothing_to_judge(tmp_path):
    with pytest.raises(InputError, match="names no relevant passage"):
        _qrels(tmp_path / "r.tsv", "query\tpassage\tgain\n1\t10\t0\n")
