"""Bodies and answers of the chat and of the knowledge base."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST_QUESTION = 20_000
_ID = "9f86d081884c7d65"
_MessageId = Annotated[int, Field(ge=1, lt=1 << 63)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChatRequest(_Request):
    """A question."""

    question: str = Field(
        min_length=1,
        max_length=LONGEST_QUESTION,
        description="As a person writes it.",
        examples=["What are the coordinates of M31?"],
    )
    conversation_id: str | None = Field(
        default=None, max_length=40, description="Goes on with one; a new one begins without.",
        examples=[_ID],
    )  # fmt: skip
    stream: bool = Field(
        default=True, description="Server-sent events as they come, or one JSON object at the end."
    )
    engine: Literal["default", "rules"] = Field(
        default="default", description="rules answers without the language model of the settings."
    )


class BranchRequest(_Request):
    """Where another way begins."""

    message_id: _MessageId = Field(
        description="The last message that is taken over.", examples=[12]
    )
    before: bool = Field(
        default=False, description="Leave that message out too, to ask it in other words."
    )


class RenameRequest(_Request):
    """Another title."""

    title: str = Field(min_length=1, max_length=200, examples=["Globular clusters"])


class AnswerFeedbackRequest(_Request):
    """What an answer was worth."""

    message_id: _MessageId = Field(description="The answer.", examples=[13])
    rating: Literal[-1, 1] = Field(description="1 good, -1 bad.")
    comment: str = Field(default="", max_length=4_000, examples=["The axis is wrong."])


class FactRequest(_Request):
    """Something to be remembered in every conversation of the caller."""

    name: str = Field(min_length=1, max_length=80, examples=["units"])
    value: str = Field(min_length=1, max_length=1_000, examples=["degrees, never sexagesimal"])


class TextRequest(_Request):
    """A text for the knowledge base."""

    text: str = Field(min_length=1, description="What is to be found.", examples=["# Cones\n..."])
    title: str = Field(default="", max_length=200, examples=["Cones of SDSS"])
    source: str = Field(default="", max_length=1000, description="What citations name.")
    collection: str = Field(default="default", min_length=1, max_length=200)
    licence: str = Field(default="", max_length=200, examples=["CC0-1.0"])
    format: Literal["md", "rst", "txt"] = Field(default="md", description="How it is written.")


class ConversationAnswer(BaseModel):
    """A conversation without its messages."""

    id: str = Field(examples=[_ID])
    title: str = Field(examples=["What are the coordinates of M31?"])
    target: str = Field(description="The object last spoken of.", examples=["M31"])
    branched_from: str = Field(description="The conversation it came from, or empty.")
    created_at_utc: str = Field(examples=["2026-11-21T10:00:00.000+00:00"])
    changed_at_utc: str = Field(examples=["2026-11-21T10:05:00.000+00:00"])
    messages: int = Field(description="Number of questions and answers.", examples=[2])


class ConversationsAnswer(BaseModel):
    """Conversations of the caller, last changed first."""

    conversations: list[ConversationAnswer]


class MessageAnswer(BaseModel):
    """A question, or an answer with its citations, tool runs and files."""

    id: int = Field(examples=[13])
    kind: Literal["asked", "replied"]
    text: str
    answer: dict[str, Any] | None = Field(description="Null for a question.")
    rating: int | None = Field(description="1, -1, or null where nobody said.")
    comment: str
    created_at_utc: str


class WholeConversationAnswer(ConversationAnswer):
    """A conversation with its messages."""

    turns: list[MessageAnswer]


class ChatAnswer(BaseModel):
    """A whole answer, without events."""

    conversation_id: str = Field(examples=[_ID])
    message_id: int = Field(description="For feedback and branches.", examples=[13])
    answer: dict[str, Any] = Field(
        description="text, statements with citations (quote, title, source, start, stop), "
        "tool_runs, artifacts with their url, warnings, is_found, is_question, engine.",
        examples=[{"text": "M31 (NGC0224): RA=10.68 Dec=41.27", "engine": "rules"}],
    )


class StoppedAnswer(BaseModel):
    """Whether there was something to stop."""

    is_stopped: bool


class FoundMessageAnswer(BaseModel):
    """A message of one's own that fits."""

    conversation_id: str = Field(examples=[_ID])
    title: str
    message_id: int
    kind: str
    snippet: str
    created_at_utc: str


class FoundMessagesAnswer(BaseModel):
    """Messages of one's own that fit, best first."""

    found: list[FoundMessageAnswer]


class FactsAnswer(BaseModel):
    """What is remembered of the caller."""

    facts: list[dict[str, str]] = Field(examples=[[{"name": "units", "value": "degrees"}]])


class ToolsAnswer(BaseModel):
    """Tools that answers may use."""

    tools: list[dict[str, Any]] = Field(
        description="name, title, description, and parameters as a JSON schema."
    )


class CollectionsAnswer(BaseModel):
    """Collections of the knowledge base."""

    collections: list[dict[str, Any]] = Field(
        examples=[[{"name": "default", "documents": 2, "chunks": 17, "dense_weight": 0.8}]]
    )


class DocumentsAnswer(BaseModel):
    """Documents without their text, oldest first."""

    documents: list[dict[str, Any]]
    next: int | None = Field(description="Give it as after for the next page; null at the end.")


class AddedDocumentsAnswer(BaseModel):
    """What became of a file."""

    collection: str
    document_ids: list[int]
    added: int = Field(description="Documents that were not there before.")
    chunks: int
    vectors_job_id: str | None = Field(
        description="The job that makes the vectors; null where search is by words only."
    )


class KnowledgeAnswer(BaseModel):
    """What fits a question, best first; start and stop are characters of the document."""

    hits: list[dict[str, Any]]
    legs: list[str] = Field(description="lexical, and dense where vectors were compared.")


REQUESTS: list[type[BaseModel]] = [
    ChatRequest,
    BranchRequest,
    RenameRequest,
    AnswerFeedbackRequest,
    FactRequest,
    TextRequest,
    ChatAnswer,
]
"""Bodies for the OpenAPI document."""
