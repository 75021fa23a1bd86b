"""Language models of services, spoken to in their dialects by pydantic-ai's request functions.

No type of pydantic-ai leaves this file: turns go in, pieces come out.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skywright.assistant.engine.model import (
    Asked,
    Called,
    Counted,
    ModelError,
    Piece,
    Replied,
    Returned,
    Turn,
    Wanted,
)
from skywright.assistant.engine.reading import Reader
from skywright.assistant.engine.requesting import HandOver, pieces_of
from skywright.assistant.engine.service import (
    Provider,
    Service,
    asked_too_often,
    failed,
    key_refused,
    says_too_long,
    too_long,
    unreachable,
)
from skywright.assistant.engine.wording import as_data, instructions
from skywright.assistant.engine.written_calls import arguments_of, offered_name
from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.running import ToolSpec
from skywright.errors import MissingExtraError, SkywrightError
from skywright.logs import get_logger

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model as Spoken
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.settings import ModelSettings

_REGION = "us-east-1"  # where AWS names none; only signs the request
_NO_STREAMED_TOOLS = re.compile(r"stream", re.IGNORECASE)
_log = get_logger("skywright.models")


class LanguageModel:
    """A language model of a service as the loop asks it.

    Parameters
    ----------
    service : Service
        Which, and where.
    facts : sequence of str
        What the user wants to be remembered.
    stop : threading.Event, optional
        Ends a request at work when it is set.
    """

    def __init__(
        self, service: Service, facts: Sequence[str] = (), stop: threading.Event | None = None
    ) -> None:
        self.service = service
        self.facts = tuple(facts)
        self.stop = stop or threading.Event()
        self.name = service.name

    def respond(self, history: Sequence[Turn], tools: Sequence[ToolSpec]) -> Iterator[Piece]:
        """Give the next step; see `skywright.assistant.engine.model.Model`."""
        try:
            yield from pieces_of(
                lambda hand_over: self._request(history, tools, hand_over).answer(), self.stop
            )
        except (GeneratorExit, SkywrightError):
            raise
        except Exception as error:  # whatever the client of a service raises
            raise _failure(error, self.name) from error

    def _request(
        self,
        history: Sequence[Turn],
        tools: Sequence[ToolSpec],
        hand_over: HandOver,
    ) -> _Request:
        model = _spoken(self.service)
        nonce = secrets.token_hex(4)
        asked = next((one for one in reversed(history) if isinstance(one, Asked)), Asked(""))
        messages = _messages(history, instructions(nonce, asked, self.facts), nonce)
        # boto3 takes its limit with the client.
        timed = self.service.provider != "bedrock"
        settings: ModelSettings = {"timeout": self.service.timeout_s} if timed else {}
        names = tuple(one.name for one in tools)
        return _Request(model, messages, _parameters(tools), settings, names, hand_over)


@dataclass(slots=True)
class _Request:
    """One request, and who takes what comes of it."""

    model: Spoken
    messages: list[ModelMessage]
    parameters: ModelRequestParameters
    settings: ModelSettings
    names: tuple[str, ...]
    hand_over: HandOver
    has_spoken: bool = False

    async def answer(self) -> None:
        async with self.model:
            try:
                await self._streamed()
            except Exception as error:
                if self.has_spoken or not _may_answer_whole(error):
                    raise
                await self._whole()

    async def _streamed(self) -> None:
        from pydantic_ai.direct import model_request_stream
        from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

        reader = Reader(self.names)
        async with model_request_stream(**self._arguments) as stream:
            async for event in stream:
                if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    self._take(reader.feed(event.part.content))
                elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    self._take(reader.feed(event.delta.content_delta))
            response = stream.get()
        self._end(response, reader)

    async def _whole(self) -> None:
        from pydantic_ai.direct import model_request
        from pydantic_ai.messages import TextPart

        reader = Reader(self.names)
        response = await model_request(**self._arguments)
        for part in response.parts:
            if isinstance(part, TextPart):
                self._take(reader.feed(part.content))
        self._end(response, reader)

    def _end(self, response: ModelResponse, reader: Reader) -> None:
        from pydantic_ai.messages import ToolCallPart

        parts = [one for one in response.parts if isinstance(one, ToolCallPart)]
        self._take(reader.finish("" if parts else response.finish_reason or ""))
        for part in parts:
            name = offered_name(part.tool_name, self.names)
            arguments = arguments_of(part.args)
            self._take([Wanted(ToolCall(id="", tool=name, arguments=arguments))])
        usage = response.usage
        self._take([Counted(usage.input_tokens, usage.output_tokens)])

    def _take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self.has_spoken = True
            self.hand_over(piece)

    @property
    def _arguments(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": self.messages,
            "model_request_parameters": self.parameters,
            "model_settings": self.settings,
        }


def _parameters(tools: Sequence[ToolSpec]) -> ModelRequestParameters:
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.tools import ToolDefinition

    return ModelRequestParameters(
        function_tools=[
            ToolDefinition(
                name=one.name,
                description=one.description,
                parameters_json_schema=dict(one.parameters),
                strict=False,
            )
            for one in tools
        ]
    )


def _messages(history: Sequence[Turn], told: str, nonce: str) -> list[ModelMessage]:
    from pydantic_ai.messages import (
        ModelRequest,
        ModelResponse,
        TextPart,
        ToolCallPart,
        ToolReturnPart,
        UserPromptPart,
    )

    messages: list[ModelMessage] = []
    for turn in history:
        match turn:
            case Asked(text):
                messages.append(ModelRequest([UserPromptPart(text)], instructions=told))
            case Replied(answer):
                messages.append(ModelResponse([TextPart(answer.text)]))
            case Called(calls, text):
                parts = [ToolCallPart(one.tool, one.arguments, one.id) for one in calls]
                said = [TextPart(text)] if text.strip() else []
                messages.append(ModelResponse([*said, *parts]))
            case Returned(runs):
                returned = [
                    ToolReturnPart(run.call.tool, as_data(run, nonce), run.call.id) for run in runs
                ]
                messages.append(ModelRequest(returned, instructions=told))
    return messages


def _spoken(service: Service) -> Spoken:
    try:
        return _MAKERS[service.provider](service)
    except ImportError as error:
        extra = "bedrock" if service.provider == "bedrock" else "llm"
        what = f"The language model {service.name}"
        raise MissingExtraError(what, extra) from error


def _openai_compatible(service: Service) -> Spoken:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=service.url or None, api_key=service.key or "none")
    return OpenAIChatModel(service.model, provider=provider)


def _ollama(service: Service) -> Spoken:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    provider = OllamaProvider(base_url=service.openai_url, api_key=service.key or "none")
    return OllamaModel(service.model, provider=provider)


def _anthropic(service: Service) -> Spoken:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    provider = AnthropicProvider(api_key=service.key or None, base_url=service.url or None)
    return AnthropicModel(service.model, provider=provider)


def _bedrock(service: Service) -> Spoken:
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _REGION
    where: dict[str, Any] = {
        "base_url": service.url or None,
        "region_name": region,
        "aws_read_timeout": service.timeout_s,
    }
    if service.key:
        where["api_key"] = service.key
    return BedrockConverseModel(service.model, provider=BedrockProvider(**where))


_MAKERS: dict[Provider, Callable[[Service], Spoken]] = {
    "openai-compatible": _openai_compatible,
    "ollama": _ollama,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "local": _openai_compatible,
}


def _failure(error: Exception, name: str) -> ModelError:
    from pydantic_ai import exceptions

    said = dict.fromkeys((str(error), _body(error)))  # often the same twice
    told = " ".join(" ".join(said).split()).rstrip(".")
    if isinstance(error, exceptions.ModelContextWindowExceededError) or says_too_long(told):
        return too_long(name)
    if isinstance(error, exceptions.ModelAuthenticationError):
        return key_refused(name)
    if isinstance(error, exceptions.ModelRateLimitError):
        return asked_too_often(name)
    if isinstance(error, exceptions.ModelConnectionError | TimeoutError):
        return unreachable(name, told)
    if not isinstance(error, exceptions.AgentRunError | exceptions.UserError):
        _log.warning("model_failed", model=name, error=type(error).__name__)
    return failed(name, told)


def _may_answer_whole(error: Exception) -> bool:
    """Tell whether a model uses tools only in whole answers, or ignored the wish for a stream."""
    from pydantic_ai.exceptions import UnexpectedModelBehavior

    is_empty = isinstance(error, UnexpectedModelBehavior)
    return is_empty or bool(_NO_STREAMED_TOOLS.search(_body(error)))


def _body(error: Exception) -> str:
    return str(getattr(error, "body", "") or error)
