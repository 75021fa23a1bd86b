import json
from functools import lru_cache

import pytest

from skywright.assistant.evaluation import Task, evaluate_retrieval, write_lines
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.errors import InputError
from tests.assistant.knowledge.fake_embedder import FakeEmbedder


def _task(folder, qrels="q\tp\tr\nq1\tp1\t1\nq2\tp2\t1\n"):
    passages = {"p1": "A star shines.", "p2": "A rocket flies.", "p3": "Rain falls."}
    questions = {"q1": "Which shines, the star?", "q2": "What flies?", "q3": "no answer known"}
    for name, texts in (("corpus.jsonl", passages), ("queries.jsonl", questions)):
        lines = [json.dumps({"id": key, "text": text}) for key, text in texts.items()]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    (folder / "qrels.tsv").write_text(qrels, encoding="utf-8")
    return Task(folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels.tsv")


def _sample(assistant_data, folder, count):
    """Return the first questions of Astro-QA with the passages that answer them."""
    import gzip

    source = assistant_data / "astro_qa"
    corpus = gzip.decompress((source / "retrieval_corpus.dev.jsonl.gz").read_bytes()).decode()
    passages = corpus.splitlines()[:count]
    kept = {json.loads(line)["id"] for line in passages}
    qrels = (source / "retrieval_qrels.dev.tsv").read_text(encoding="utf-8").splitlines()
    chosen = [qrels[0], *(line for line in qrels[1:] if line.split("\t")[1] in kept)]
    (folder / "corpus.jsonl").write_text("\n".join(passages), encoding="utf-8")
    (folder / "qrels.tsv").write_text("\n".join(chosen), encoding="utf-8")
    queries = source / "retrieval_queries.dev.jsonl"
    return Task(folder / "corpus.jsonl", queries, folder / "qrels.tsv")


def test_only_questions_with_an_answer_are_judged(tmp_path):
    told = evaluate_retrieval(_task(tmp_path), None).to_dict()
    assert (told["questions"], told["passages"]) == (2, 3)
    assert told["ndcg_at_10"] == {"mean": 1.0, "standard_error": 0.0}


def test_vectors_are_kept_for_the_next_evaluation(tmp_path):
    first = evaluate_retrieval(_task(tmp_path), FakeEmbedder())
    again = evaluate_retrieval(_task(tmp_path), FakeEmbedder())
    assert (first.embedded, again.embedded) == (3, 0)
    assert first.judged == again.judged


def test_every_question_is_written_so_that_runs_can_be_compared(tmp_path):
    report = evaluate_retrieval(_task(tmp_path), None)
    write_lines([one.to_dict() for one in report.judged], tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[1]) == {
        "question_id": "q2", "found": ["p2"], "ndcg_at_10": 1.0, "recall_at_5": 1.0,
        "mrr_at_10": 1.0,
    }  # fmt: skip


def test_a_judgement_of_an_unknown_passage_is_refused_with_its_line(tmp_path):
    with pytest.raises(InputError, match=r"Line 2 of qrels\.tsv names no query and passage"):
        evaluate_retrieval(_task(tmp_path, "q\tp\tr\nq1\tp9\t1\n"), None)


def test_a_passage_without_a_text_counts_as_not_found(tmp_path):
    task = _task(tmp_path, "q\tp\tr\nq1\tp1\t1\nq2\tp4\t1\n")
    with task.corpus.open("a", encoding="utf-8") as file:
        file.write('\n{"id": "p4", "text": ""}')
    report = evaluate_retrieval(task, FakeEmbedder())
    assert [one.measured.recall_at_5 for one in report.judged] == [1.0, 0.0]


def test_a_passage_of_a_higher_grade_should_come_first(tmp_path):
    task = _task(tmp_path, "q1\tp1\t1\nq1\tp2\t3\n")
    (judged,) = evaluate_retrieval(task, None).judged
    assert judged.found[0] == "p1"
    assert judged.measured.recall_at_5 < 1
    assert judged.measured.ndcg_at_10 < 0.5


def test_astro_qa_by_words_alone_reaches_its_bar(assistant_data):
    source = assistant_data / "astro_qa"
    task = Task(
        source / "retrieval_corpus.dev.jsonl.gz",
        source / "retrieval_queries.dev.jsonl",
        source / "retrieval_qrels.dev.tsv",
    )
    told = evaluate_retrieval(task, None).to_dict()
    assert told["questions"] == 1191
    assert told["ndcg_at_10"]["mean"] >= 0.71


@pytest.mark.slow
def test_words_and_meaning_together_find_more_than_either(assistant_data, tmp_path):
    task = _sample(assistant_data, tmp_path, 60)
    embedder = _Once(MiniLM())
    words = evaluate_retrieval(task, None).to_dict()["ndcg_at_10"]["mean"]
    meaning, both = (
        evaluate_retrieval(task, embedder, dense_weight=weight).to_dict()["ndcg_at_10"]["mean"]
        for weight in (1.0, 0.8)
    )
    assert both > max(words, meaning)


class _Once:
    """An embedder that computes the vectors of the same questions once."""

    def __init__(self, embedder):
        self.id, self.dimension = embedder.id, embedder.dimension
        self.embed_passages = embedder.embed_passages
        self._kept = lru_cache(embedder.embed_queries)

    def embed_queries(self, texts):
        return self._kept(tuple(texts))
