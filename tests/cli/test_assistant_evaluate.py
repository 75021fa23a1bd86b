"""``skywright assistant evaluate retrieval``: one JSON object, and a line for each question."""

import json

from typer.testing import CliRunner

from skywright.cli.assistant import app


def test_the_search_is_judged_by_words_only(tmp_path):
    for name, line in (("c", {"id": "p", "text": "A star."}), ("q", {"id": "q", "text": "star"})):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(line), encoding="utf-8")
    (tmp_path / "r.tsv").write_text("query\tpassage\tgain\nq\tp\t1\n", encoding="utf-8")
    files = {"--corpus": "c.jsonl", "--queries": "q.jsonl", "--qrels": "r.tsv",
             "--per-question": "out.jsonl"}  # fmt: skip
    named = [part for key, name in files.items() for part in (key, str(tmp_path / name))]
    result = CliRunner().invoke(
        app, ["evaluate", "retrieval", *named, "--lexical-only", "--json"], catch_exceptions=False
    )
    told = json.loads(result.stdout)
    assert (told["recall_at_5"]["mean"], told["legs"]) == (1.0, ["lexical"])
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))["found"] == ["p"]
