"""A TAP service: synchronous queries, jobs, and what it says about itself.

References
----------
.. [1] IVOA Table Access Protocol 1.1 (2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from skywright.sources.sandbox import vosi
from skywright.sources.sandbox.adql import RefusedQueryError
from skywright.sources.sandbox.holdings import Holdings
from skywright.sources.sandbox.jobs import HEAD, Job, Jobs, jobs_xml
from skywright.sources.sandbox.querying import Question, answer
from skywright.sources.sandbox.votable import FORMATS, VOTABLE, as_records, error_document

_XML = "application/xml"


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows without MAXREC, and the most of a synchronous query and of a job."""

    default: int
    sync: int
    job: int


class TapService:
    """One service below one prefix."""

    def __init__(
        self,
        title: str,
        holdings: Holdings,
        limits: Limits,
        examples: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.title = title
        self.holdings = holdings
        self.limits = limits
        self.examples = examples
        self.lists_records = False
        """Whether JSON is a list of objects instead of ``metadata`` and ``data``."""
        self.jobs = Jobs(self._work)

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        both = ["GET", "POST"]
        return [
            Route("/sync", self._sync, methods=both),
            Route("/async", self._async, methods=both),
            Route("/async/{id}", self._job, methods=[*both, "DELETE"]),
            Route("/async/{id}/results/result", self._result),
            Route("/async/{id}/{part}", self._part, methods=both),
            Route("/tables", self._tables),
            Route("/tables/{name:path}", self._table),
            Route("/capabilities", self._capabilities),
            Route("/availability", lambda _: Response(vosi.availability(), media_type=_XML)),
            Route("/examples", self._examples),
        ]

    async def _sync(self, request: Request) -> Response:
        parameters, uploads = await read_parameters(request)
        try:
            kind, body = await run_in_threadpool(
                self._answered, parameters, uploads, self.limits.sync, None
            )
        except RefusedQueryError as error:
            return refused(str(error))
        return Response(body, media_type=kind)

    def _answered(
        self,
        parameters: Mapping[str, str],
        uploads: Mapping[str, bytes],
        most: int,
        job: Job | None,
    ) -> tuple[str, bytes]:
        if parameters.get("lang", "ADQL").upper().partition("-")[0] not in {"ADQL", "PQL"}:
            message = f"LANG = {parameters['lang']!r} is not known; it is ADQL."
            raise RefusedQueryError(message)
        wanted = parameters.get("responseformat") or parameters.get("format") or "votable"
        if wanted.lower() not in FORMATS:
            message = f"FORMAT = {wanted!r} is not known; choose from votable, csv, json."
            raise RefusedQueryError(message)
        kind, write = FORMATS[wanted.lower()]
        if kind == "application/json" and self.lists_records:
            write = as_records
        question = Question(parameters.get("query", ""), self._rows(parameters, most), uploads)
        if job is not None:
            question.started = lambda connection: setattr(job, "connection", connection)
        return kind, write(answer(self.holdings, question))

    def _rows(self, parameters: Mapping[str, str], most: int) -> int:
        told = parameters.get("maxrec", "")
        if not told:
            return min(self.limits.default, most)
        if not told.isdecimal():
            message = f"MAXREC = {told!r} is not a number of rows."
            raise RefusedQueryError(message)
        return min(int(told), most)

    def _work(self, job: Job) -> tuple[str, bytes]:
        return self._answered(job.parameters, job.uploads, self.limits.job, job)

    async def _async(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(jobs_xml(self.jobs.listed(), address(request)), media_type=_XML)
        parameters, uploads = await read_parameters(request)
        run = parameters.pop("phase", "").upper() == "RUN"
        job = self.jobs.new(parameters, uploads)
        if run:
            self.jobs.run(job)
        return RedirectResponse(f"{address(request)}/{job.id}", 303)

    async def _job(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            return missing()
        parameters, _ = await read_parameters(request)
        if request.method == "DELETE" or parameters.get("action", "").upper() == "DELETE":
            self.jobs.delete(job)
            return RedirectResponse(address(request).rpartition("/")[0], 303)
        if request.method == "POST":
            self._command(job, parameters)
            return RedirectResponse(address(request), 303)
        if parameters.get("wait"):
            await run_in_threadpool(self.jobs.wait, job, float(parameters["wait"]))
        return Response(job.xml(address(request)), media_type=_XML)

    def _command(self, job: Job, parameters: Mapping[str, str]) -> None:
        phase = parameters.get("phase", "").upper()
        if phase == "RUN":
            self.jobs.run(job)
        elif phase == "ABORT":
            self.jobs.abort(job)

    async def _part(self, request: Request) -> Response:
        job, part = self.jobs.get(request.path_params["id"]), request.path_params["part"]
        if job is None:
            return missing()
        url = address(request).rpartition("/")[0]
        if request.method == "POST":
            parameters, uploads = await read_parameters(request)
            self._changed(job, part, parameters)
            job.uploads.update(uploads)
            return RedirectResponse(url, 303)
        texts = {
            "phase": job.phase,
            "executionduration": f"{job.execution_s}",
            "destruction": job.destroyed_utc,
            "quote": "",
            "owner": "",
        }
        documents = {
            "parameters": lambda: (_XML, job.parameters_xml(HEAD).encode()),
            "results": lambda: (_XML, job.results_xml(url, HEAD).encode()),
            "error": lambda: (VOTABLE, error_document(job.error)),
        }
        if part in texts:
            return Response(texts[part], media_type="text/plain")
        if part not in documents:
            return missing()
        kind, body = documents[part]()
        return Response(body, media_type=kind)

    def _changed(self, job: Job, part: str, parameters: Mapping[str, str]) -> None:
        if part == "phase":
            self._command(job, parameters)
        elif part == "parameters" and job.phase == "PENDING":
            job.parameters.update(parameters)
        elif part == "executionduration" and parameters.get(part, "").isdecimal():
            job.execution_s = int(parameters[part])
        elif part == "destruction":
            job.destroyed_utc = parameters.get(part, job.destroyed_utc)

    async def _result(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["id"])
        if job is None or job.phase not in {"COMPLETED", "ERROR"}:
            return missing()
        if job.phase == "ERROR":
            return refused(job.error)
        kind, body = job.result
        return Response(body, media_type=kind)

    async def _tables(self, request: Request) -> Response:
        detailed = request.query_params.get("detail", "").lower() != "min"
        asked = request.query_params.get("tables", "")  # the archive of ESA lists some by name
        known = [
            table
            for name, table in self.holdings.tables.items()
            if not asked or name in asked.split(",")
        ]
        return Response(vosi.tables(known, with_columns=detailed), media_type=_XML)

    async def _table(self, request: Request) -> Response:
        table = self.holdings.tables.get(request.path_params["name"])
        if table is None:
            return missing()
        return Response(vosi.one_table(table), media_type=_XML)

    async def _capabilities(self, request: Request) -> Response:
        url = address(request).rpartition("/")[0]
        limits = (self.limits.default, self.limits.job)
        return Response(vosi.capabilities(url, limits), media_type=_XML)

    async def _examples(self, _: Request) -> Response:
        return Response(vosi.examples(self.title, self.examples), media_type="text/html")


def refused(words: str, status: int = 400) -> Response:
    """Answer with the document of an error."""
    return Response(error_document(words), status, media_type=VOTABLE)


def missing() -> Response:
    """Answer that there is no such thing."""
    return Response("There is no such resource.\n", 404, media_type="text/plain")


def address(request: Request) -> str:
    """Return the address that was asked, without its query."""
    return f"{request.url.replace(query='', fragment='')}".rstrip("?")


async def read_parameters(request: Request) -> tuple[dict[str, str], dict[str, bytes]]:
    """Return the parameters of a request by lower-case name, and the tables sent with it."""
    form = await request.form()
    pairs = [*request.query_params.multi_items(), *form.multi_items()]
    parameters = {name.lower(): value for name, value in pairs if isinstance(value, str)}
    files = {name: value for name, value in pairs if isinstance(value, UploadFile)}
    uploads: dict[str, bytes] = {}
    for one in filter(None, parameters.get("upload", "").split(";")):
        table, _, where = one.partition(",")
        sent = files.get(where.removeprefix("param:"))
        if sent is not None:
            uploads[table] = await sent.read()
    return parameters, uploads
