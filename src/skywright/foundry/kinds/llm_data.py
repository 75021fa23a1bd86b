"""From rows to tokens: what is read, and what is to be said.

The loss counts only what is to be said: completions, or the answers of a conversation. A row of
plain text is to be said whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.foundry.recipe import Recipe

SILENT = -100
"""Label of a token that the loss does not count."""

Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of the rows hold what."""

    form: str
    """``pairs``, ``messages`` or ``text``."""
    prompt: str = ""
    """Column of prompts."""
    answer: str = ""
    """Column of completions, conversations or texts."""

    @classmethod
    def of(cls, recipe: Recipe, frame: pl.DataFrame) -> Layout:
        """Find the layout of a table.

        Raises
        ------
        InputError
            If there are neither prompts with completions, nor messages, nor text.
        """
        answer = recipe.target or "completion"
        prompt = recipe.features[0] if recipe.features else "prompt"
        if {answer, prompt} <= set(frame.columns) and answer != prompt:
            return cls("pairs", prompt, answer)
        for form in ("messages", "text"):
            if form in frame.columns:
                return cls(form, "", form)
        message = f"The rows hold {', '.join(frame.columns)}: nothing to teach a language model."
        hint = "Give columns prompt and completion, messages, or text; or set features and target."
        raise InputError(message, hint=hint)


@dataclass(frozen=True, slots=True)
class Example:
    """One row as tokens."""

    ids: tuple[int, ...]
    """Tokens."""
    labels: tuple[int, ...]
    """What is to be said in their place; ``SILENT`` where nothing is."""
    prompt: str = ""
    """What is asked, or the conversation so far as JSON."""
    answer: str = ""
    """What is to be answered at the end."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Turns rows into tokens; serving and training write prompts by the same one."""

    tokenizer: Any
    """Of the base."""
    separator: str
    """Between prompt and completion, without conversations."""
    chat: bool
    """Whether a prompt is a question of a conversation."""

    def asked(self, row: Mapping[str, Any]) -> list[int]:
        """Return the tokens of a prompt, up to where the answer begins."""
        if not (self.chat or row.get("messages")):
            return self._begun(str(row["prompt"]) + self.separator)
        turns = self._turns(_messages(row.get("messages") or row["prompt"]), open_end=True)
        return [token for text, _ in turns for token in self._tokens(text)]

    def pair(self, prompt: str, answer: str) -> Example:
        """Return a prompt and its completion as tokens."""
        if self.chat:
            turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
            return self.conversation(turns)
        before, said = self._begun(prompt + self.separator), self._said(answer)
        labels = [SILENT] * len(before) + said
        return Example(tuple(before + said), tuple(labels), prompt, answer)

    def conversation(self, messages: Messages) -> Example:
        """Return a conversation as tokens; every answer of the assistant is to be said.

        Raises
        ------
        InputError
            If there is no answer, or the template rewrites what was said before.
        """
        if not messages or messages[-1]["role"] != "assistant":
            message = "A conversation must end with a message of the role assistant."
            raise InputError(message)
        ids: list[int] = []
        labels: list[int] = []
        for text, said in self._turns(messages, open_end=False):
            tokens = self._tokens(text)
            ids += tokens
            labels += tokens if said else [SILENT] * len(tokens)
        asked = json.dumps(messages[:-1], ensure_ascii=False)
        return Example(tuple(ids), tuple(labels), asked, messages[-1]["content"])

    def text(self, text: str) -> Example:
        """Return a text as tokens, all of it to be said."""
        ids = (*self._begun(text), self.tokenizer.eos_token_id)
        return Example(ids, ids)

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def _begun(self, text: str) -> list[int]:
        bos = self.tokenizer.bos_token_id
        return self._tokens(text) if bos is None else [bos, *self._tokens(text)]

    def _said(self, text: str) -> list[int]:
        return [*self._tokens(text), self.tokenizer.eos_token_id]

    def _turns(self, messages: Messages, *, open_end: bool) -> Iterator[tuple[str, bool]]:
        """Cut a conversation where answers begin and end, so that tokens never span a cut."""
        done = ""
        for place, one in enumerate(messages):
            if one["role"] != "assistant":
                continue
            before = self._written(messages[:place], open_end=True)
            whole = self._written(messages[: place + 1], open_end=False)
            if not (before.startswith(done) and whole.startswith(before)):
                message = "The chat template of the base rewrites earlier messages."
                raise InputError(message, hint="Give one question and one answer a row.")
            yield before[len(done) :], False
            yield whole[len(before) :], True
            done = whole
        if open_end:
            yield self._written(messages, open_end=True)[len(done) :], False

    def _written(self, messages: Messages, *, open_end: bool) -> str:
        text: str = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=open_end
        )
        return text


def examples(frame: pl.DataFrame, layout: Layout, writer: Writer) -> list[Example]:
    """Turn rows into tokens; rows without an answer are left out.

    Raises
    ------
    InputError
        If no row is left, or a conversation is not one.
    """
    made = [
        example for row in frame.iter_rows(named=True) for example in _made(row, layout, writer)
    ]
    if not made:
        message = f"No row has both {layout.prompt or layout.answer} and something to say."
        raise InputError(message)
    return made


def fitted(example: Example, most: int) -> Example:
    """Shorten an example to ``most`` tokens: a prompt loses its beginning, an answer its end."""
    if len(example.ids) <= most:
        return example
    said = sum(label != SILENT for label in example.labels)
    first = len(example.ids) - most if said < most else len(example.ids) - said
    cut = slice(first, first + most)
    return Example(example.ids[cut], example.labels[cut], example.prompt, example.answer)


def packed(given: Sequence[Example], most: int) -> list[Example]:
    """Put examples together into blocks of at most ``most`` tokens, in their order."""
    blocks: list[Example] = []
    ids: list[int] = []
    labels: list[int] = []
    for one in given:
        if ids and len(ids) + len(one.ids) > most:
            blocks.append(Example(tuple(ids), tuple(labels)))
            ids, labels = [], []
        ids += one.ids
        # The first token follows from nothing of its own row, so no loss is due for it.
        labels += (SILENT, *one.labels[1:])
    return [*blocks, Example(tuple(ids), tuple(labels))]


def words_of(frame: pl.DataFrame, layout: Layout) -> list[str]:
    """Return the texts of rows for a tiny base: questions and answers apart, so that the base
    knows the words and not which belong together.
    """
    found: dict[str, None] = {}
    for row in frame.iter_rows(named=True):
        parts: list[Any] = [row.get(layout.prompt), row[layout.answer]]
        if layout.form == "messages":
            parts = [f"{one['role']}: {one['content']}" for one in _messages(row[layout.answer])]
        found |= dict.fromkeys(str(part) for part in parts if part)
    return sorted(found)


def _made(row: Mapping[str, Any], layout: Layout, writer: Writer) -> Iterator[Example]:
    answer = row[layout.answer]
    if not answer:
        return
    if layout.form == "messages":
        yield writer.conversation(_messages(answer))
    elif layout.form == "text":
        yield writer.text(str(answer))
    elif row[layout.prompt] is not None:
        yield writer.pair(str(row[layout.prompt]), str(answer))


def _messages(value: Any) -> Messages:
    """Read a conversation: a list, the JSON text of one, or a single question."""
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return [{"role": "user", "content": value}]
        try:
            value = json.loads(value)
        except ValueError as error:
            message = f"The messages {value[:60]!r} are not JSON."
            raise InputError(message) from error
    try:
        return [{"role": str(one["role"]), "content": _content(one)} for one in value]
    except (KeyError, TypeError) as error:
        message = f"Messages are a list of objects with role and content, not {str(value)[:60]}."
        raise InputError(message) from error


def _content(one: Mapping[str, Any]) -> str:
    """Return the words of a message; calls of tools beside them, as services log them, are words
    too: the shape that the assistant reads from models without another way to call.
    """
    calls, content = one.get("tool_calls") or (), one["content"]
    if content is None and not calls:
        words = "content is null"
        raise TypeError(words)
    return str(content or "") + "".join(f"<tool_call>{_call(call)}</tool_call>" for call in calls)


def _call(call: Mapping[str, Any]) -> str:
    function = call["function"]
    given = function["arguments"]
    try:
        arguments = json.loads(given) if isinstance(given, str) else given
    except ValueError as error:
        message = f"The arguments {given[:60]!r} of the call {function['name']} are not JSON."
        raise InputError(message) from error
    return json.dumps({"name": function["name"], "arguments": arguments}, ensure_ascii=False)
