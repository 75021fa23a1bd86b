import json

import pytest

from skywright.assistant.knowledge.embedding import embed_waiting
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.assistant.tuning import tune
from skywright.errors import InputError, NotFoundError
from tests.assistant.knowledge.fake_embedder import FakeEmbedder


class _Misleading(FakeEmbedder):
    """Sees a question as if it were about the next thing."""

    def embed_queries(self, texts):
        numbers = [int(text.rsplit(" ", 1)[1]) for text in texts]
        return self.embed_passages([f"thing {number + 1} thing" for number in numbers])


@pytest.fixture
def store(tmp_path):
    made = KnowledgeStore(tmp_path / "knowledge.db")
    made.add_all([Document(f"thing {k} thing", source=f"d{k}") for k in range(30)])
    embed_waiting(made, FakeEmbedder())
    return made


def _questions(tmp_path, rows):
    path = tmp_path / "questions.jsonl"
    lines = [
        json.dumps({"question": question, "document": document}) for question, document in rows
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_where_meaning_misleads_words_weigh_more(store, tmp_path):
    asked = _questions(tmp_path, [(f"thing {k}", f"d{k}") for k in range(20)])
    told = tune(store, _Misleading(), asked, "default")
    assert told.is_changed
    assert told.weight < told.weight_before
    assert store.dense_weight("default") == told.weight
    assert told.ndcg_at_10[f"{told.weight:g}"] == 1.0


def test_without_a_gain_the_weight_stays(store, tmp_path):
    asked = _questions(tmp_path, [(f"thing {k}", f"d{k}") for k in range(20)])
    told = tune(store, FakeEmbedder(), asked, "default")
    assert not told.is_changed
    assert store.dense_weight("default") == told.weight_before


def test_too_few_questions_are_refused(store, tmp_path):
    with pytest.raises(InputError, match="1 questions; at least 10"):
        tune(store, FakeEmbedder(), _questions(tmp_path, [("thing 1", "d1")]), "default")


def test_a_document_that_is_not_there_is_told_with_its_line(store, tmp_path):
    with pytest.raises(NotFoundError, match=r"Line 1 of questions\.jsonl: 'd99'"):
        tune(store, FakeEmbedder(), _questions(tmp_path, [("thing", "d99")]), "default")


def test_a_line_without_its_fields_is_refused(store, tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "thing 1"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no JSON object with question and document"):
        tune(store, FakeEmbedder(), path, "default")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_questions_that_cannot_be_read_are_refused_in_a_sentence(store, tmp_path, content):
    path = tmp_path / "questions.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        tune(store, FakeEmbedder(), path, "default")
