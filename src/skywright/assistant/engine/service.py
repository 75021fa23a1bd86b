"""Which language model answers, where it is reached, and how its failures are told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from skywright.assistant.engine.model import ContextTooLongError, ModelError

Provider = Literal["openai-compatible", "openai-http", "ollama", "anthropic", "bedrock", "local"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)

_OPENAI_URL = "https://api.openai.com/v1"
_OLLAMA_URL = "http://127.0.0.1:11434/v1"
_LATER = "Ask again later, or without a language model."
_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size|exceed|overflow)|too many (input )?tokens"
    r"|(prompt|input) is too long|maximum.{0,30}tokens",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Service:
    """A language model and where it answers."""

    provider: Provider
    model: str
    url: str = ""
    """Base address; empty means the usual one of the maker."""
    key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    """Longest wait for the next part of an answer [s]."""

    @property
    def name(self) -> str:
        """``provider:model``."""
        return f"{self.provider}:{self.model}"

    @property
    def openai_url(self) -> str:
        """Base address of a service that speaks OpenAI's dialect."""
        if self.provider != "ollama":
            return self.url or _OPENAI_URL
        url = self.url or _OLLAMA_URL
        return f"{url.rstrip('/')}/v1" if urlsplit(url).path in {"", "/"} else url


def says_too_long(told: str) -> bool:
    """Tell whether a refusal is about the length of what was asked."""
    return bool(_TOO_LONG.search(told))


def too_long(name: str) -> ContextTooLongError:
    """Return what is told where a conversation is too long for a model."""
    message = f"The conversation is longer than the model {name} reads."
    return ContextTooLongError(message, hint="Begin a new conversation.")


def key_refused(name: str) -> ModelError:
    """Return what is told where a key is missing or wrong."""
    message = f"The service of the model {name} does not accept the key."
    return ModelError(message, hint="Set SKYWRIGHT_LANGUAGE_MODEL_KEY.")


def asked_too_often(name: str) -> ModelError:
    """Return what is told where a service stays busy."""
    return ModelError(f"The service of the model {name} is asked too often.", hint=_LATER)


def unreachable(name: str, told: str) -> ModelError:
    """Return what is told where a connection fails, at once or halfway."""
    message = f"The model {name} cannot be reached, or its answer broke off: {told[:200]}."
    return ModelError(message, hint="Check SKYWRIGHT_LANGUAGE_MODEL_URL and that it runs.")


def failed(name: str, told: str) -> ModelError:
    """Return what is told where a service fails in another way."""
    return ModelError(f"The model {name} failed: {told[:300]}.", hint=_LATER)
