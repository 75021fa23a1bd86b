"""Which model answers: our rules, or the language model that the settings name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec

from skywright.assistant.engine.model import Model
from skywright.assistant.engine.providers import LanguageModel
from skywright.assistant.engine.service import PROVIDERS, Provider, Service
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.rules.model import RulesModel
from skywright.errors import InputError
from skywright.settings import Settings

RULES = "rules"
"""Name of the engine that needs no language model."""

_LEAST_PATIENCE_S = 300.0  # a local model that is not loaded yet says nothing for minutes
_IN_THE_DIALECT: frozenset[Provider] = frozenset({"openai-compatible", "ollama", "local"})
_PACKAGES = ("pydantic_ai", "openai")  # of the extra "llm"


def model_of(
    settings: Settings,
    searcher: Searcher,
    *,
    name: str = "",
    facts: Sequence[str] = (),
    stop: threading.Event | None = None,
) -> Model:
    """Return the model that answers.

    Parameters
    ----------
    settings : Settings
        Name, address and key of the language model.
    searcher : Searcher
        What the rules search in.
    name : str
        Instead of the one in the settings; ``rules`` means none.
    facts : sequence of str
        What the user wants to be remembered; the rules need none of it.
    stop : threading.Event, optional
        Ends a request to a language model when it is set.

    Raises
    ------
    InputError
        If the name means no model.
    """
    name = name or settings.language_model
    if name in {"", RULES}:
        return _rules(searcher, settings)
    service = service_of(name, settings)
    if asks_over_http(service.provider):
        from skywright.assistant.engine.openai_http import OpenAIHttpModel

        return OpenAIHttpModel(service, facts, stop)
    return LanguageModel(service, facts, stop)


def asks_over_http(provider: Provider) -> bool:
    """Tell whether our own client asks: by its name, or where the extra ``llm`` is missing."""
    if provider == "openai-http":
        return True
    return provider in _IN_THE_DIALECT and not all(find_spec(one) for one in _PACKAGES)


@lru_cache(maxsize=4)
def _rules(searcher: Searcher, settings: Settings) -> RulesModel:
    """Return the rules, which remember nothing but what they have read of their own files."""
    return RulesModel(searcher, settings)


def service_of(name: str, settings: Settings) -> Service:
    """Return what ``provider:model`` means; raises InputError if it means nothing."""
    provider, _, model = name.partition(":")
    known: dict[str, Provider] = {one: one for one in PROVIDERS}
    if provider not in known or not model.strip():
        allowed = ", ".join(f"{one}:NAME" for one in PROVIDERS)
        message = f"The language model {name[:80]!r} names no service and model."
        hint = f"SKYWRIGHT_LANGUAGE_MODEL is empty for the rules, or one of {allowed}."
        raise InputError(message, hint=hint)
    url = settings.language_model_url
    if provider == "local" and not url:
        url = f"http://127.0.0.1:{settings.port}/v1"
    key = settings.language_model_key.get_secret_value()
    timeout_s = max(settings.http_timeout_s, _LEAST_PATIENCE_S)
    return Service(known[provider], model.strip(), url, key, timeout_s)
