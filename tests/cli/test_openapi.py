"""``skywright openapi``: the document on standard output, and nothing else."""

import json

import typer
from typer.testing import CliRunner

from skywright.cli import openapi


def test_the_document_is_printed_as_json_and_nothing_is_made(tmp_path):
    app = typer.Typer()
    openapi.register(app)
    result = CliRunner().invoke(app, [])
    document = json.loads(result.stdout)
    assert document["openapi"].startswith("3.")
    assert "/api/predict" in document["paths"]
    assert not (tmp_path / "skywright").exists()
