"""What an answer is made of, and the events it arrives in: data only, the same on every face."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Data):
    """Where rows or facts come from, so that the question can be asked again."""

    service: str
    """Name of the source, as ``skywright sources`` lists it, or of what computed it."""
    title: str
    """Full name, with the release of the data where there is one."""
    query: str = ""
    """What was asked, in the language of the service."""
    url: str = ""
    """Address that was asked."""
    retrieved_utc: str = ""
    """When, ISO 8601."""
    rows: int | None = None
    """Rows that came back."""
    state: str = "live"
    """State of the source in words, such as ``frozen since 2022-12-05``."""
    licence: str = ""
    """Terms, in one sentence."""


class Artifact(_Data):
    """A file that a tool made."""

    id: str
    """Name of the file within the folder of the conversation."""
    title: str
    """What it shows."""
    media_type: str
    """Such as ``image/png`` or ``text/csv``."""
    path: str
    """Where it lies."""
    size_bytes: int


class ToolCall(_Data):
    """A wish to run a tool."""

    id: str
    """Unique within the conversation."""
    tool: str
    """Name of the entry point."""
    arguments: dict[str, Any] = Field(default_factory=dict)


class ToolResult(_Data):
    """What a tool gave back."""

    text: str
    """The outcome in words: complete sentences with units; what citations of the run quote."""
    data: dict[str, Any] = Field(default_factory=dict)
    """The outcome as values; bounded (rows of tables beyond a preview are in the artifacts)."""
    origins: tuple[Origin, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    warnings: tuple[str, ...] = ()
    """What a careful reader must know, one sentence each."""
    table: str = ""
    """Name of the table left on the shelf of the conversation, if any."""


class ToolRun(_Data):
    """A call and how it ended."""

    call: ToolCall
    result: ToolResult | None = None
    error: str = ""
    """One sentence, where it failed or was stopped."""
    error_code: str = ""
    """Kind of error, as `skywright.errors` names it; ``failed`` for a fault of the tool."""
    seconds: float = 0.0


class Citation(_Data):
    """A verbatim quote with the place it stands in."""

    quote: str
    """Characters ``start`` to ``stop`` of the stored chunk or tool text."""
    kind: Literal["chunk", "tool"]
    id: str
    """Chunk (a number of the knowledge base) or call of the tool."""
    title: str
    """Document with its headings, or service."""
    source: str = ""
    """File or address."""
    start: int = 0
    """In the document, for a chunk; in the text of the result, for a tool."""
    stop: int = 0


class Statement(_Data):
    """Something said, with what it rests on."""

    text: str
    citations: tuple[Citation, ...] = ()


class Answer(_Data):
    """A whole answer."""

    text: str
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    """Of all statements, each once; every one was found verbatim where it says."""
    removed_citations: int = 0
    """Citations that were not found verbatim, and therefore removed."""
    tool_runs: tuple[ToolRun, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    warnings: tuple[str, ...] = ()
    is_found: bool = True
    """False where nothing supports an answer; the text then says where was looked."""
    is_question: bool = False
    """True where the text asks back for what is missing."""
    engine: str = "rules"
    """``rules``, or the language model that wrote it."""


class Status(_Data):
    """What is being done."""

    kind: Literal["status"] = "status"
    text: str


class Token(_Data):
    """The next characters of the answer's text."""

    kind: Literal["token"] = "token"
    text: str


class CallStarted(_Data):
    """A tool has started."""

    kind: Literal["tool_call"] = "tool_call"
    call: ToolCall


class CallEnded(_Data):
    """A tool has ended."""

    kind: Literal["tool_result"] = "tool_result"
    run: ToolRun


class Cited(_Data):
    """A citation that was checked."""

    kind: Literal["citation"] = "citation"
    citation: Citation


class Made(_Data):
    """A file that can be fetched."""

    kind: Literal["artifact"] = "artifact"
    artifact: Artifact


class Usage(_Data):
    """What a language model counted."""

    kind: Literal["usage"] = "usage"
    input_tokens: int = 0
    output_tokens: int = 0


class Done(_Data):
    """The end, with the whole answer."""

    kind: Literal["done"] = "done"
    answer: Answer


class Failed(_Data):
    """The end, with what went wrong."""

    kind: Literal["error"] = "error"
    code: str
    message: str
    hint: str = ""


Event = Annotated[
    Status | Token | CallStarted | CallEnded | Cited | Made | Usage | Done | Failed,
    Field(discriminator="kind"),
]
"""One step of an answer; the last is `Done` or `Failed`."""
