"""``/api/classifications``: labels that people give, exported and erased at their wish."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from skywright.api.answers import answer
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.schemas import ErasedAnswer, LabelAnswer, LabelRequest, LabelsAnswer
from skywright.api.services import Services, caller_of, services_of
from skywright.security.permissions import Permission

router = APIRouter(tags=["labels"])
_LABEL = TypeAdapter(LabelRequest)

User = Annotated[
    str, Query(max_length=200, description="Whose labels; empty for those of the key itself.")
]


@router.post(
    "/api/classifications",
    operation_id="storeClassification",
    summary="Say what an object is",
    status_code=201,
    responses=answers(LabelAnswer, 404, status=201, text="The label as stored."),
    openapi_extra=body(LabelRequest),
)
async def store_classification(request: Request) -> Response:
    """Store a label under a pseudonym; a newer one on the same question takes its place."""
    caller = caller_of(request, Permission.LABEL)
    services = services_of(request)
    asked = check(_LABEL, await read_json(request))
    person = await services.work.call(services.pseudonym_of, caller, asked.user)
    return answer(await services.work.call(_store, services, person, asked), 201)


@router.get(
    "/api/classifications",
    operation_id="exportClassifications",
    summary="Export all labels of one person",
    responses=answers(LabelsAnswer),
)
async def export_classifications(request: Request, user: User = "") -> Response:
    """Return everything stored of a person."""
    from skywright.neo.feedback import export_labels

    caller, services = caller_of(request), services_of(request)
    person = await services.work.call(services.pseudonym_of, caller, user)
    labels = await services.work.call(export_labels, services.database, person)
    return answer({"person": person, "labels": [asdict(label) for label in labels]})


@router.delete(
    "/api/classifications",
    operation_id="eraseClassifications",
    summary="Erase all labels of one person",
    responses=answers(ErasedAnswer),
)
async def erase_classifications(request: Request, user: User = "") -> Response:
    """Erase everything stored of a person."""
    from skywright.neo.feedback import erase_labels

    caller, services = caller_of(request, Permission.LABEL), services_of(request)
    person = await services.work.call(services.pseudonym_of, caller, user)
    erased = await services.work.call(erase_labels, services.database, person)
    return answer({"person": person, "erased": erased})


def _store(services: Services, person: str, asked: LabelRequest) -> dict[str, Any]:
    """Store a label of an object that the catalogue knows."""
    from skywright.neo.feedback import read_label, store_label

    read_label(asked.label)
    designation = known_designation(asked.designation)
    label = store_label(services.database, person, designation, asked.label, asked.comment)
    return asdict(label)


def known_designation(name: str) -> str:
    """Return an object's designation as the catalogue writes it; raises NotFoundError."""
    from skywright.neo.catalogue import load_catalogue
    from skywright.neo.notable import lookup

    return str(lookup(name, load_catalogue())["designation"][0])
