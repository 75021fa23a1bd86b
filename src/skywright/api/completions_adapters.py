"""Language models that were taught here, asked in the form of a conversation."""

from __future__ import annotations

import json
import secrets
from typing import Any

from skywright.api.services import Services
from skywright.errors import NotFoundError
from skywright.foundry.serve.catalogue import list_models
from skywright.foundry.serve.choosing import Ask
from skywright.foundry.serve.reference import parse_reference

KIND = "llm"
_TOOLS = (
    "You may call these tools. To call some, write nothing but a JSON list of objects with name "
    "and arguments.\n"
)


def adapter_names(services: Services) -> list[str]:
    """Return the names of language models that are in use."""
    models = list_models(services.serving.registry)
    return [one["name"] for one in models if one["kind"] == KIND and one["deployed"]]


async def adapter_says(
    services: Services, caller: str, model: str, asked: dict[str, Any]
) -> dict[str, Any]:
    """Ask a language model of the registry.

    Parameters
    ----------
    services : Services
        Of the application.
    caller : str
        Whose quota the answer counts to.
    model : str
        name, or name@version.
    asked : dict
        ``messages`` with role and content, and as far as given ``tools`` (name, description,
        parameters), ``temperature``, ``max_tokens`` and ``seed``.

    Returns
    -------
    dict
        ``text``, ``calls`` in the form of OpenAI's ``tool_calls``, and ``tokens``.

    Raises
    ------
    NotFoundError
        If there is no language model of this name in use.
    """
    reference = parse_reference(model)
    names = await services.work.call(adapter_names, services)
    if reference.name not in names:
        message = f"model = {model[:80]!r} completes no conversations."
        raise NotFoundError(message, hint=f"There are skywright{''.join(f', {n}' for n in names)}.")
    tools = asked.get("tools") or []
    row: dict[str, Any] = {"prompt": _prompt(asked["messages"], tools)}
    most = asked.get("max_completion_tokens") or asked.get("max_tokens")
    row |= {"max_new_tokens": most} if most else {}
    row |= {name: asked[name] for name in ("temperature", "seed") if name in asked}
    told = await services.serving.answering.one(Ask(reference, caller, None), row)
    output = told["output"]
    text = str(output["text"])
    calls = _calls(text, [one["name"] for one in tools])
    tokens = int(output.get("tokens", 0))
    return {"text": "" if calls else text, "calls": calls, "tokens": tokens}


def _prompt(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> str:
    """Return a question as it is, and a conversation as JSON in roles that every template knows."""
    if len(messages) == 1 and not tools:
        return str(messages[0]["content"])
    plain = [_plain(one) for one in messages]
    if tools:
        plain.insert(0, {"role": "system", "content": _TOOLS + json.dumps(tools)})
    return json.dumps(plain, ensure_ascii=False)


def _plain(message: dict[str, Any]) -> dict[str, str]:
    role, content = message["role"], message["content"]
    if role == "tool":
        return {"role": "user", "content": f"Result of {message.get('tool_call_id')}: {content}"}
    if role == "assistant" and message.get("tool_calls"):
        content = json.dumps([one.get("function") for one in message["tool_calls"]])
    return {"role": "system" if role == "developer" else role, "content": content}


def _calls(text: str, names: list[str]) -> list[dict[str, Any]]:
    if not names:
        return []
    from skywright.assistant.engine.written_calls import written_calls

    return [
        {
            "id": f"call_{secrets.token_hex(6)}",
            "type": "function",
            "function": {"name": one.tool, "arguments": json.dumps(one.arguments)},
        }
        for one in written_calls(text, names)
    ]
