"""Bodies of the collecting routes."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_CONFIG = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class CollectGitHubRequest(BaseModel):
    """Which repositories of GitHub to collect."""

    model_config = _CONFIG

    dataset: str = "github-repositories"
    """Name of the dataset that comes out."""
    topics: list[str] = Field(default=["machine-learning", "deep-learning", "ai"], max_length=20)
    """A repository has one of them."""
    languages: list[str] = Field(default=["Python", "Jupyter Notebook"], max_length=20)
    """Its main language is one of them."""
    more_than_stars: int = Field(default=1000, ge=0)
    """It has more stars than that."""
    pushed_since: dt.date | None = None
    """Day of the last push, or later; six months ago if it is not given."""
    readmes: bool = False
    """Whether to take the README, where the licence is permissive."""
    releases: int = Field(default=0, ge=0, le=100)
    """How many releases to take."""
    limit: int | None = Field(default=None, ge=1)
    """Most repositories."""


class CollectHuggingFaceRequest(BaseModel):
    """Which models of the Hugging Face Hub to collect."""

    model_config = _CONFIG

    dataset: str = "huggingface-models"
    """Name of the dataset that comes out."""
    more_than_downloads: int = Field(default=10_000, ge=0)
    """It has more downloads than that."""
    more_than_likes: int = Field(default=100, ge=0)
    """It has more likes than that."""
    tasks: list[str] = Field(default=[], max_length=50)
    """It does one of them, such as text-generation; empty: any."""
    libraries: list[str] = Field(default=[], max_length=50)
    """It is made with one of them; empty: any."""
    model_types: list[str] = Field(default=[], max_length=50)
    """Its architecture is one of them, such as llama; empty: any."""
    cards: bool = True
    """Whether to take cards, with the evaluation results they tell."""
    limit: int | None = Field(default=None, ge=1)
    """Most models."""


class UserInputRequest(BaseModel):
    """Text or rows given without a file; a file is sent as multipart/form-data instead."""

    model_config = _CONFIG

    input_type: Literal["text", "structured"]
    """text, or structured for JSON."""
    content: Any
    """The text, or the JSON value: an object, or a list of objects."""
    user: str = Field(default="", max_length=200)
    """Whose input; kept as a pseudonym only."""
    name: str = Field(default="", max_length=200)
    """What to call it."""
    licence: str = Field(default="", max_length=200)
    """SPDX expression under which it is given."""
    dataset: str = Field(default="", max_length=100)
    """Name of a dataset to make of its rows."""


class CollectAnswer(BaseModel):
    """A collection that was started."""

    job_id: str
    """Name of the job."""
    status: str
    """Its status."""
    status_url: str
    """Where its status and its result are."""
    events: str
    """Where its progress is told as server-sent events."""


class UserInputAnswer(BaseModel):
    """An input that was kept, encrypted."""

    id: str
    """Name of the input."""
    input_type: str
    """text, file or structured."""
    media_type: str
    """What it is by its content."""
    size_bytes: int
    """Size of its content."""
    rows: int
    """Rows parsed from it."""
    sha256: str
    """Hash of its content."""
    user_id: str
    """Pseudonym of whose input it is."""
    dataset: dict[str, Any] | None
    """id, name, version and num_samples of the dataset made of it, if one was asked for."""
