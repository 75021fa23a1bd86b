"""Models of the Hugging Face Hub as a dataset: the most downloaded first, with their cards.

The Hub cannot be asked for "more downloads than", so models are listed by downloads and the list is
left where they fall below the bound. A card is kept where its licence allows and the model is open.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from skywright.errors import InputError, MissingExtraError, SourceError
from skywright.foundry.collect.cursors import Cursor, Harvest, digest_of
from skywright.foundry.collect.finds import Find, Progress, register, say_nothing
from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.foundry.data.licences import judge
from skywright.foundry.data.manifests import refuse_wrong_words
from skywright.orbits.threads import CancelledError
from skywright.settings import Settings
from skywright.sources.state import SourceState

STATE = SourceState(
    name="huggingface",
    title="Hugging Face Hub",
    url_setting="huggingface_url",
    status="live",
    licence="Facts about public models, under the Hub's terms of service; a card is under the "
    "licence of its model.",
    citation="Hugging Face Hub, and the authors of each model",
    documentation="https://huggingface.co/docs/hub/api",
    checked="",
    access_setting="huggingface_token",
    access_from="https://huggingface.co/settings/tokens",
    smallest="/api/models?limit=1",
)

_EXPAND = (
    "author",
    "cardData",
    "config",
    "createdAt",
    "downloads",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "tags",
)
_LICENCE = "license:"
_SAVE_EVERY = 100


@dataclass(frozen=True, slots=True)
class HuggingFaceWish:
    """Which models, and how much of each."""

    more_than_downloads: int = 10_000
    """It has more downloads than that."""
    more_than_likes: int = 100
    """It has more likes than that."""
    tasks: tuple[str, ...] = ()
    """It does one of them, such as ``text-generation``; empty: any."""
    libraries: tuple[str, ...] = ()
    """It is made with one of them; empty: any."""
    model_types: tuple[str, ...] = ()
    """Its architecture is one of them, such as ``llama``; empty: any."""
    cards: bool = True
    """Whether to take cards, with the evaluation results they tell."""
    limit: int | None = None
    """Most models; None: all."""


class HubCollector:
    """Collects what is wished for.

    Parameters
    ----------
    settings : Settings
        Data folder, address and token.
    datasets : Datasets
        Where the dataset goes; the cursor is in the same database.
    """

    def __init__(self, settings: Settings, datasets: Datasets) -> None:
        os.environ.update({"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"})
        try:
            from huggingface_hub import HfApi
        except ImportError as error:
            what = "Collecting from Hugging Face"
            raise MissingExtraError(what, "hub") from error
        self._token = settings.huggingface_token.get_secret_value() or False
        self._endpoint = STATE.url(settings).rstrip("/")
        self._folder = settings.data_dir.expanduser() / "collect"
        self._api = HfApi(endpoint=self._endpoint, token=self._token, library_name="skywright")
        self._datasets = datasets

    def collect(
        self,
        name: str,
        wish: HuggingFaceWish,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[DatasetRecord, dict[str, Any]]:
        """Collect models into a dataset; what a broken run left is gone on with.

        Parameters
        ----------
        name : str
            Of the dataset.
        wish : HuggingFaceWish
            What to collect.
        progress : callable
            Told stage, done and total.
        cancelled : callable
            Asked between two requests.

        Returns
        -------
        tuple of DatasetRecord and dict
            The dataset, and what was found: models, cards, and models whose card could not be had.

        Raises
        ------
        SourceError
            If the Hub refuses or cannot be reached; the same call goes on later.
        InputError
            If no model fits, or a word is wrong.
        CancelledError
            If it was cancelled; the same call goes on later.
        """
        refuse_wrong_words(name, "table", STATE.name, "")
        _refuse_wrong_wish(wish)
        say, stop = progress or say_nothing, cancelled or bool
        digest = digest_of(asdict(wish))
        cursor = Cursor(self._datasets.database, f"huggingface:{digest}")
        harvest = Harvest(self._folder / f"huggingface-{digest}.jsonl")
        with _told_by_the_hub():
            if not (cursor.load() or {}).get("listed"):
                self._list(wish, harvest, say, stop)
                cursor.save({"listed": True})
            if wish.cards:
                self._cards(harvest, wish.limit, say, stop)
        records = list(harvest.records.values())[: wish.limit]
        told = _told(records)
        record = self._register(name, wish, records)
        cursor.clear()
        harvest.discard()
        return record, told

    def _list(
        self, wish: HuggingFaceWish, harvest: Harvest, say: Progress, stop: Callable[[], bool]
    ) -> None:
        waiting: list[dict[str, Any]] = []
        for record in self._models(wish):
            if stop():
                harvest.add(waiting)
                raise CancelledError
            waiting.append(record)
            if len(waiting) >= _SAVE_EVERY:
                harvest.add(waiting)
                waiting = []
                say("models", len(harvest.records), 0)
            if wish.limit and len(harvest.records) + len(waiting) >= wish.limit:
                break
        harvest.add(waiting)
        say("models", len(harvest.records), 0)

    def _models(self, wish: HuggingFaceWish) -> Iterator[dict[str, Any]]:
        """Yield models of each task, those with most downloads first, until they have too few."""
        for task in wish.tasks or (None,):
            listed = self._api.list_models(
                pipeline_tag=task,
                sort="downloads",
                expand=cast("Any", list(_EXPAND)),
                token=self._token,
            )
            for info in listed:
                if (info.downloads or 0) <= wish.more_than_downloads:
                    break
                record = _record(info)
                if _fits(record, wish):
                    yield record

    def _cards(
        self, harvest: Harvest, limit: int | None, say: Progress, stop: Callable[[], bool]
    ) -> None:
        wanted = list(harvest.records.values())[:limit]
        for done, record in enumerate(wanted):
            if "card_state" in record:
                continue
            if stop():
                raise CancelledError
            harvest.add([{"id": record["id"], **self._card(record)}])
            say("cards", done + 1, len(wanted))

    def _card(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the card of a model: its results always, its text where the licence allows."""
        from huggingface_hub import ModelCard, hf_hub_download
        from huggingface_hub.errors import (
            EntryNotFoundError,
            GatedRepoError,
            RepositoryNotFoundError,
        )

        nothing = {"card": None, "results": "[]"}
        try:
            path = hf_hub_download(
                record["id"],
                "README.md",
                endpoint=self._endpoint,
                cache_dir=str(self._folder / "huggingface"),
                token=self._token,
            )
        except GatedRepoError:
            return {**nothing, "card_state": "gated"}
        except (EntryNotFoundError, RepositoryNotFoundError):
            return {**nothing, "card_state": "missing"}
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        try:
            results = _results(
                cast("Any", ModelCard(text, ignore_metadata_errors=True).data).eval_results
            )
        except (ValueError, TypeError, KeyError):
            return {**nothing, "card_state": "damaged"}
        allowed = judge(record["licence"]).permissive
        return {
            "card": text if allowed else None,
            "results": json.dumps(results, ensure_ascii=False, default=str),
            "card_state": "kept" if allowed else "licence",
        }

    def _register(
        self, name: str, wish: HuggingFaceWish, records: list[dict[str, Any]]
    ) -> DatasetRecord:
        if not records:
            message = "No model of the Hugging Face Hub fits what is asked for."
            raise InputError(message, hint="Ask for fewer downloads or likes, or other tasks.")
        find = Find(STATE, records, "card", {"query": asdict(wish)})
        return register(self._datasets, name, find)


def collect_huggingface(
    settings: Settings,
    name: str,
    wish: HuggingFaceWish,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[DatasetRecord, dict[str, Any]]:
    """Collect models into a dataset of the settings; see `HubCollector.collect`."""
    collector = HubCollector(settings, Datasets.of(settings))
    return collector.collect(name, wish, progress=progress, cancelled=cancelled)


@contextmanager
def _told_by_the_hub() -> Iterator[None]:
    """Turn what the Hub's library raises into a sentence."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    later = "The same command goes on later."
    try:
        yield
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "an unknown status")
        first = str(error).strip().splitlines()[0][:200]
        message = f"{STATE.title} answered with {status}: {first}"
        raise SourceError(message, hint=later) from error
    except (httpx2.HTTPError, LocalEntryNotFoundError, OSError) as error:
        message = f"{STATE.title} could not be reached: {type(error).__name__}."
        hint = f"Check the network and SKYWRIGHT_HUGGINGFACE_URL. {later}"
        raise SourceError(message, hint=hint) from error


def _record(info: Any) -> dict[str, Any]:
    tags = [str(tag) for tag in info.tags or ()]
    named = next((tag[len(_LICENCE) :] for tag in tags if tag.startswith(_LICENCE)), "")
    config = info.config or {}
    card = info.card_data.to_dict() if info.card_data is not None else {}
    return {
        "id": info.id,
        "author": info.author,
        "downloads": int(info.downloads or 0),
        "likes": int(info.likes or 0),
        "task": info.pipeline_tag,
        "library": info.library_name,
        "model_type": config.get("model_type") if isinstance(config, dict) else None,
        "tags": tags,
        "licence": named,
        "base_model": json.dumps(card.get("base_model")) if card.get("base_model") else None,
        "gated": str(info.gated) if info.gated else "",
        "created_at": str(info.created_at) if info.created_at else None,
        "last_modified": str(info.last_modified) if info.last_modified else None,
    }


def _fits(record: dict[str, Any], wish: HuggingFaceWish) -> bool:
    return (
        record["likes"] > wish.more_than_likes
        and (not wish.libraries or record["library"] in wish.libraries)
        and (not wish.model_types or record["model_type"] in wish.model_types)
    )


def _results(found: Any) -> list[dict[str, Any]]:
    """Return evaluation results as their card tells them; nobody else has checked them."""
    return [
        {
            "task": one.task_type,
            "dataset": one.dataset_name,
            "split": one.dataset_split,
            "metric": one.metric_type,
            "value": one.metric_value,
        }
        for one in found or ()
    ]


def _told(records: list[dict[str, Any]]) -> dict[str, Any]:
    states = Counter(record.get("card_state", "not asked for") for record in records)
    return {"models": len(records), "cards": dict(states)}


def _refuse_wrong_wish(wish: HuggingFaceWish) -> None:
    for word in (*wish.tasks, *wish.libraries, *wish.model_types):
        if not word or not word.replace("-", "").replace("_", "").replace(".", "").isalnum():
            message = f"{word[:60]!r} is no task, library or type of the Hub."
            raise InputError(message, hint="Write it as the Hub does, such as text-generation.")
    none_wanted = wish.limit is not None and wish.limit < 1
    if min(wish.more_than_downloads, wish.more_than_likes) < 0 or none_wanted:
        message = "Downloads and likes are at least 0, and a limit is at least 1."
        raise InputError(message)
