"""``/api/training/collect``: from GitHub, from Hugging Face, and from people."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, TypeAdapter
from starlette.concurrency import run_in_threadpool

from skywright.api.answers import answer
from skywright.api.bodies import check, read_json
from skywright.api.collect_schemas import (
    CollectAnswer,
    CollectGitHubRequest,
    CollectHuggingFaceRequest,
    UserInputAnswer,
    UserInputRequest,
)
from skywright.api.documented import answers, body, body_or_form
from skywright.api.jobs import Task
from skywright.api.multipart import FormReader, checked_fields, is_form, read_form
from skywright.api.services import Services, caller_of, services_of
from skywright.errors import SkywrightError
from skywright.security.callers import Caller
from skywright.security.permissions import Permission

if TYPE_CHECKING:
    from skywright.foundry.collect.uploads import Given, StoredInput, Uploads
    from skywright.foundry.data.datasets import DatasetRecord

UPLOAD_PATH = "/api/training/collect/user-input"
"""The one path whose bodies may be as large as an upload."""

REQUESTS: list[type[BaseModel]] = [
    CollectGitHubRequest,
    CollectHuggingFaceRequest,
    UserInputRequest,
]
"""Bodies that the routes read themselves."""

router = APIRouter(tags=["training"])
_GITHUB = TypeAdapter(CollectGitHubRequest)
_HUGGING_FACE = TypeAdapter(CollectHuggingFaceRequest)
_INPUT = TypeAdapter(UserInputRequest)
_LONGEST = {"user": 200, "name": 200, "licence": 200, "dataset": 100}


@router.post(
    "/api/training/collect/github",
    operation_id="collectGitHub",
    summary="Collect repositories of GitHub",
    status_code=202,
    responses=answers(CollectAnswer, status=202, text="The job that was started."),
    openapi_extra=body(CollectGitHubRequest, example={"topics": ["astronomy"]}),
)
async def collect_github(request: Request) -> Response:
    """Search in slices, once each; the same request goes on where a broken one stopped."""
    caller, services = caller_of(request, Permission.COLLECT), services_of(request)
    asked = check(_GITHUB, await read_json(request))

    def task(progress: Any, cancelled: Any) -> Any:
        from skywright.foundry.collect.github import GitHubWish
        from skywright.foundry.collect.github import collect_github as collect

        given = asked.model_dump(exclude={"dataset"})
        wish = GitHubWish(**given | {name: tuple(given[name]) for name in ("topics", "languages")})
        found = collect(
            services.settings, asked.dataset, wish, progress=progress, cancelled=cancelled
        )
        return _found(*found)

    return await _started(services, caller, "collect-github", asked.model_dump(mode="json"), task)


@router.post(
    "/api/training/collect/huggingface",
    operation_id="collectHuggingFace",
    summary="Collect models of the Hugging Face Hub",
    status_code=202,
    responses=answers(CollectAnswer, status=202, text="The job that was started."),
    openapi_extra=body(CollectHuggingFaceRequest, example={"tasks": ["text-generation"]}),
)
async def collect_hugging_face(request: Request) -> Response:
    """List by downloads and stop early; the same request goes on where a broken one stopped."""
    caller, services = caller_of(request, Permission.COLLECT), services_of(request)
    asked = check(_HUGGING_FACE, await read_json(request))

    def task(progress: Any, cancelled: Any) -> Any:
        from skywright.foundry.collect.huggingface import HuggingFaceWish, collect_huggingface

        given = asked.model_dump(exclude={"dataset"})
        lists = ("tasks", "libraries", "model_types")
        wish = HuggingFaceWish(**given | {name: tuple(given[name]) for name in lists})
        found = collect_huggingface(
            services.settings, asked.dataset, wish, progress=progress, cancelled=cancelled
        )
        return _found(*found)

    kind = "collect-huggingface"
    return await _started(services, caller, kind, asked.model_dump(mode="json"), task)


@router.post(
    UPLOAD_PATH,
    operation_id="storeUserInput",
    summary="Give a file, a text, or rows",
    status_code=201,
    responses=answers(UserInputAnswer, 413, status=201, text="The input as kept."),
    openapi_extra=body_or_form(
        UserInputRequest, _LONGEST, {"input_type": "text", "content": "Wheel 2 runs rough."}
    ),
)
async def store_user_input(request: Request) -> Response:
    """Keep an input encrypted, with the rows parsed from it; a bad one changes nothing."""
    caller, services = caller_of(request, Permission.UPLOAD), services_of(request)
    if is_form(request.headers.get("content-type", "")):
        return answer(await _file(request, services, caller), 201)
    asked = check(_INPUT, await read_json(request))
    return answer(await services.work.call_long(_value, services, caller, asked), 201)


async def _started(
    services: Services, caller: Caller, kind: str, asked: dict[str, Any], task: Task
) -> Response:
    job = await services.jobs.start(kind, caller.name, asked, task, threading.Event())
    told = {
        "job_id": job.id,
        "status": job.status,
        "status_url": f"/api/jobs/{job.id}",
        "events": f"/api/jobs/{job.id}/events",
    }
    return answer(told, 202, {"location": told["status_url"]})


def _found(record: DatasetRecord, told: dict[str, Any]) -> dict[str, Any]:
    return {"dataset": _dataset(record), **told}


def _dataset(record: DatasetRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "version": record.version,
        "num_samples": record.num_samples,
        "size_bytes": record.size_bytes,
        "licence": record.licence,
    }


async def _file(request: Request, services: Services, caller: Caller) -> dict[str, Any]:
    """Read a form as it comes; its file is encrypted from the first byte on."""
    uploads = await services.work.call(_uploads, services)
    with ExitStack() as stack:
        staged = await run_in_threadpool(stack.enter_context, uploads.receive())
        form = await read_form(request, staged.write)
        fields = checked_fields(form, _LONGEST)
        if fields.get("dataset"):
            _refuse_wrong_name(fields["dataset"])
        given = _given(services, caller, fields, form)
        stored = await services.work.call_long(uploads.keep, staged, given)
    dataset = fields.get("dataset", "")
    return await services.work.call_long(_shown, services, stored, given, dataset)


def _value(services: Services, caller: Caller, asked: UserInputRequest) -> dict[str, Any]:
    from skywright.foundry.collect.uploads import Given

    given = Given(
        person=services.pseudonym_of(caller, asked.user),
        actor=caller.name,
        file_name="text.txt" if asked.input_type == "text" else "rows.json",
        name=asked.name,
        licence=asked.licence,
        input_type=asked.input_type,
    )
    if asked.dataset:
        _refuse_wrong_name(asked.dataset)
    stored = _uploads(services).add_value(asked.content, given)
    return _shown(services, stored, given, asked.dataset)


def _given(services: Services, caller: Caller, fields: dict[str, str], form: FormReader) -> Given:
    from skywright.foundry.collect.uploads import Given

    return Given(
        person=services.pseudonym_of(caller, fields.get("user", "")),
        actor=caller.name,
        file_name=form.file_name,
        name=fields.get("name", ""),
        declared=form.declared,
        licence=fields.get("licence", ""),
    )


def _shown(services: Services, stored: StoredInput, given: Given, dataset: str) -> dict[str, Any]:
    """Return an input as the API shows it, with the dataset that was asked for.

    If that cannot be made, the input goes as well: a request is done as a whole or not.
    """
    told = asdict(stored) | {"user_id": given.person, "dataset": None}
    if not dataset:
        return told
    from skywright.foundry.collect.inputs import forget_input, input_to_dataset
    from skywright.security.vault import Vault

    vault = Vault.of(services.settings, services.database)
    datasets = services.workplace().datasets
    try:
        made = input_to_dataset(datasets, vault, [stored.id], dataset, given.licence)
    except SkywrightError:
        forget_input(services.database, vault, stored.id, by=given.actor)
        raise
    return told | {"dataset": _dataset(made)}


def _refuse_wrong_name(dataset: str) -> None:
    """Refuse the name of a dataset before its rows are kept."""
    from skywright.foundry.data.manifests import refuse_wrong_words

    refuse_wrong_words(dataset, "table", "user", "")


def _uploads(services: Services) -> Uploads:
    from skywright.foundry.collect.uploads import Uploads

    return Uploads.of(services.settings, services.database)
