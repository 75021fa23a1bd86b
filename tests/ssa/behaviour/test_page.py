"""The page of the slots is that of the program."""

from pathlib import Path

from skywright.ssa.behaviour.slots import table_markdown
from skywright.ssa.threats.levels import table_markdown as levels

_DOCS = Path(__file__).resolve().parents[3] / "docs" / "ssa"


def test_the_page_lists_the_slots():
    assert table_markdown() in (_DOCS / "behaviour.md").read_text(encoding="utf-8")


def test_the_page_of_threats_shows_the_table_of_levels():
    assert levels() in (_DOCS / "threats.md").read_text(encoding="utf-8")
