"""``skywright data collect`` and ``data upload``: what models may learn from, from outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.foundry.data.datasets import DatasetRecord

app = typer.Typer(help="Collect from GitHub and Hugging Face.", no_args_is_help=True)

Limit = Annotated[int | None, typer.Option(min=1, help="Most records.")]


@app.command()
def github(
    name: Annotated[str, typer.Argument(help="Name of the dataset.")] = "github-repositories",
    topic: Annotated[list[str] | None, typer.Option(help="One of these topics.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="One of these languages.")] = None,
    stars: Annotated[int, typer.Option(min=0, help="More stars than this.")] = 1000,
    readmes: Annotated[bool, typer.Option("--readmes", help="Where the licence allows.")] = False,
    releases: Annotated[int, typer.Option(min=0, max=100, help="Newest releases.")] = 0,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Collect repositories; the same command goes on where a broken one stopped."""
    from skywright.foundry.collect.github import LANGUAGES, TOPICS, GitHubWish, collect_github
    from skywright.settings import get_settings

    wish = GitHubWish(
        topics=tuple(topic or TOPICS),
        languages=tuple(language or LANGUAGES),
        more_than_stars=stars,
        readmes=readmes,
        releases=releases,
        limit=limit,
    )
    _tell(*collect_github(get_settings(), name, wish, progress=_say), as_json=as_json)


@app.command()
def huggingface(
    name: Annotated[str, typer.Argument(help="Name of the dataset.")] = "huggingface-models",
    task: Annotated[list[str] | None, typer.Option(help="One of these tasks.")] = None,
    library: Annotated[list[str] | None, typer.Option(help="One of these libraries.")] = None,
    model_type: Annotated[list[str] | None, typer.Option(help="One of these types.")] = None,
    downloads: Annotated[int, typer.Option(min=0, help="More downloads than this.")] = 10_000,
    likes: Annotated[int, typer.Option(min=0, help="More likes than this.")] = 100,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Collect models with cards and evaluation results; goes on where a broken one stopped."""
    from skywright.foundry.collect.huggingface import HuggingFaceWish, collect_huggingface
    from skywright.settings import get_settings

    wish = HuggingFaceWish(
        more_than_downloads=downloads,
        more_than_likes=likes,
        tasks=tuple(task or ()),
        libraries=tuple(library or ()),
        model_types=tuple(model_type or ()),
        limit=limit,
    )
    _tell(*collect_huggingface(get_settings(), name, wish, progress=_say), as_json=as_json)


def upload(
    path: Annotated[Path, typer.Argument(help="Text, table, document, image, audio or video.")],
    user: Annotated[str, typer.Option(help="Whose it is; kept as a pseudonym only.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX expression.")] = "",
    dataset: Annotated[str, typer.Option(help="Make a dataset of its rows.")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep a file encrypted, with the rows parsed from it; a bad one changes nothing."""
    from dataclasses import asdict

    from skywright.foundry.collect.inputs import input_to_dataset
    from skywright.foundry.collect.uploads import Given, Uploads
    from skywright.foundry.data.datasets import Datasets
    from skywright.foundry.data.manifests import refuse_wrong_words
    from skywright.security.callers import LOCAL
    from skywright.security.pseudonyms import person_of, read_salt
    from skywright.settings import get_settings
    from skywright.store.database import Database

    settings = get_settings()
    database = Database.of(settings)
    salt = read_salt(settings.pseudonym_salt.get_secret_value(), settings.data_dir)
    person = person_of(salt, LOCAL, user)
    if dataset:
        refuse_wrong_words(dataset, "table", "user", licence)
    uploads = Uploads.of(settings, database)
    stored = uploads.add(path, Given(person, LOCAL, path.name, licence=licence))
    told: dict[str, Any] = asdict(stored) | {"user_id": person, "dataset": None}
    if dataset:
        datasets = Datasets.of(settings, database)
        made = input_to_dataset(datasets, uploads.vault, [stored.id], dataset, licence)
        told["dataset"] = made.named
    if as_json:
        emit_json(told)
    else:
        typer.echo(f"{stored.id}: {stored.media_type}, {stored.rows} rows")


def _say(stage: str, done: int, of: int) -> None:
    typer.echo(f"{stage}: {done}" + (f" of {of}" if of else ""), err=True)


def _tell(record: DatasetRecord, told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json({"dataset": record.named, "id": record.id, "rows": record.num_samples, **told})
    else:
        typer.echo(f"{record.named}: {record.num_samples} rows, id {record.id}")
