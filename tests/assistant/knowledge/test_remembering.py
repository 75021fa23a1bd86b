import numpy as np

from skywright.assistant.knowledge.remembering import Remembering
from tests.assistant.knowledge.fake_embedder import FakeEmbedder


class Counting(FakeEmbedder):
    asked = 0

    def embed_queries(self, texts):
        self.asked += 1
        return super().embed_queries(texts)


def test_a_question_is_embedded_once():
    plain, counted = FakeEmbedder(), Counting()
    remembering = Remembering(counted)
    for _ in range(3):
        vector = remembering.embed_queries(["How far is M31?"])
        np.testing.assert_array_equal(vector, plain.embed_queries(["How far is M31?"]))
        vector[:] = 0  # what one caller does with it is nothing to the next
    assert counted.asked == 1
    assert (remembering.id, remembering.dimension) == (plain.id, plain.dimension)


def test_only_the_latest_are_kept():
    counted = Counting()
    remembering = Remembering(counted)
    for number in range(300):
        remembering.embed_queries([str(number)])
    remembering.embed_queries(["299"])
    assert counted.asked == 300
    remembering.embed_queries(["0"])
    assert counted.asked == 301


def test_several_texts_pass_through():
    assert Remembering(FakeEmbedder()).embed_queries(["a", "b"]).shape[0] == 2
