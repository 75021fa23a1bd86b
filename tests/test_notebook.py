"""Asking in a notebook."""

import subprocess
import sys
from pathlib import Path

import pytest

from skywright.assistant.memory.memory import Memory
from skywright.assistant.messages import Answer, Artifact, Citation
from skywright.notebook import Reply, ask
from skywright.settings import get_settings


@pytest.fixture
def reply(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "stars.csv").write_text("g,bp_rp\n12.5,0.9\n", encoding="utf-8")
    citation = Citation(quote="a <b> quote", kind="chunk", id="1", title="Book", source="b.md")
    made = tuple(
        Artifact(id=name, title=name, media_type=kind, path=str(tmp_path / name), size_bytes=4)
        for name, kind in (("a.png", "image/png"), ("stars.csv", "text/csv"))
    )
    text = "Stars <script>alert(1)</script> ![x](http://evil.example/)"
    answer = Answer(text=text, citations=(citation,), artifacts=made, warnings=("Only near ones.",))
    return Reply("Which?", answer, "0" * 16)


def test_tables_and_figures_are_at_hand(reply):
    assert reply.tables["stars"]["bp_rp"].to_list() == [0.9]
    assert reply.figures["a"].read_bytes() == b"\x89PNG"


def test_the_last_row_of_a_table_tells_its_types_too(reply):
    rows = "".join(f"{k}\n" for k in range(500))
    table = Path(reply.answer.artifacts[1].path)
    table.write_text(f"launch\n{rows}2024-F01\n", encoding="utf-8")
    assert reply.tables["stars"]["launch"].to_list()[-1] == "2024-F01"


def test_the_html_needs_nothing_from_elsewhere(reply):
    shown = reply._repr_html_()
    assert 'src="data:image/png;base64,' in shown
    assert "<script>" not in shown
    assert "a &lt;b&gt; quote" in shown
    assert shown.count("<img") == 1


def test_the_markdown_fetches_nothing(reply):
    shown = reply._repr_markdown_()
    assert r"!\[x]" in shown
    assert "> Only near ones." in shown


def test_in_print_it_is_text_with_its_sources(reply):
    assert str(reply).endswith('[1] Book, b.md: "a <b> quote"')


def test_questions_go_on_until_a_new_conversation_is_wanted():
    first, second = ask("help"), ask("help")
    assert first.conversation == second.conversation
    assert ask("help", new=True).conversation != first.conversation
    assert "coordinates of M31" in first.text


def test_a_conversation_that_was_deleted_is_begun_anew():
    first = ask("help")
    Memory.of(get_settings()).remove(first.conversation)
    assert ask("help").conversation != first.conversation


def test_the_package_gives_it_and_stays_light():
    code = (
        "import sys, skywright; before = 'pydantic' in sys.modules;"
        "from skywright import ask; print(before, callable(ask))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    import skywright

    with pytest.raises(AttributeError, match="no attribute 'answer'"):
        _ = skywright.answer
