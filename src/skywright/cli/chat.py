"""``skywright chat``: a conversation in the terminal, or line by line from standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.ask import settings_with
from skywright.cli.chat_printing import Printer, printable
from skywright.cli.output import AsJson, emit_json
from skywright.errors import InputError, NotFoundError, SkywrightError

if TYPE_CHECKING:
    from skywright.assistant.memory.records import Conversation
    from skywright.assistant.messages import Done, Event, Failed
    from skywright.assistant.session import Session

_LISTED = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(chat)


def chat(
    conversation: Annotated[
        str, typer.Option(help="Go on with this one: its id, or the beginning of it.")
    ] = "",
    model: Annotated[str, typer.Option(help="rules, or provider:name; else by setting.")] = "",
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Ask stand-ins on this machine, not the services.")
    ] = False,
    catalogues: Annotated[
        Path | None, typer.Option(help="Folder of catalogue files.", file_okay=False)
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(help="Folder of recorded answers for the sandbox.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Talk with the assistant; Ctrl-C stops an answer and its tool, /help lists what else there is.

    Without a terminal each line of standard input is a question, and --json prints an object for
    each answer.
    """
    from skywright.assistant.session import Session

    with settings_with(catalogues, recorded, is_sandbox=sandbox) as settings:
        talk = Talk(Session(settings, model=model), Printer(sys.stdout), as_json=as_json)
        if conversation:
            talk.open(conversation)
        elif sys.stdin.isatty():
            talk.printer.note("Ask a question; /help lists commands, /quit ends.")
        for line in _lines():
            if not talk.take(line):
                break
    if talk.has_failed and not sys.stdin.isatty():
        raise typer.Exit(1)


class Talk:
    """What is being talked about, and the commands that change it."""

    def __init__(self, session: Session, printer: Printer, *, as_json: bool = False) -> None:
        self.session = session
        self.printer = printer
        self.as_json = as_json
        self.has_failed = False
        self._id = ""
        self._commands: dict[str, Callable[[str], None]] = {
            "new": self._new,
            "list": self._list,
            "open": self.open,
            "branch": self._branch,
            "export": self._export,
            "delete": self._delete,
            "model": self._model,
            "tools": self._tools,
            "help": self._help,
        }

    def take(self, line: str) -> bool:
        """Answer a question or do a command; return whether to go on."""
        line = line.strip()
        if line in {"/quit", "/exit"}:
            return False
        try:
            if line.startswith("/"):
                self._command(line)
            elif line:
                self._ask(line)
        except SkywrightError as error:
            self.has_failed = True
            self.printer.failed(str(error))
        except KeyboardInterrupt:
            self.printer.note("Stopped.")
        return True

    def open(self, named: str) -> None:
        """Go on with a conversation, named by the beginning of its id."""
        found = self._named(named)
        self._id = found.id
        self.printer.note(f"{found.id}  {found.title} ({found.messages} messages)")
        for one in self.session.memory.messages(found.id)[-4:]:
            self.printer.note(f"{'you' if one.kind == 'asked' else 'answer'}: {one.text[:500]}")

    def _ask(self, question: str) -> None:
        self._id = self._id or self.session.memory.begin().id
        last: Event | None = None
        events = self.session.stream(question, conversation=self._id)
        try:
            for event in events:
                last = event
                if not self.as_json:
                    self.printer.show(event)
        finally:
            events.close()  # type: ignore[attr-defined]  # it is a generator
        if self.as_json and last is not None:
            self._emit(question, last)
        if last is not None and last.kind == "error":
            self.has_failed = True

    def _emit(self, question: str, last: Event) -> None:
        told: Done | Failed | Event = last
        value = told.model_dump(mode="json", exclude={"kind"})
        emit_json({"conversation": self._id, "question": question, last.kind: value})

    def _command(self, line: str) -> None:
        name, _, rest = line[1:].partition(" ")
        if name not in self._commands:
            message = f"There is no command /{name[:40]}."
            raise InputError(message, hint=f"There are /{', /'.join(self._commands)}, /quit.")
        self._commands[name](rest.strip())

    def _new(self, title: str) -> None:
        self._id = self.session.memory.begin(title).id
        self.printer.note(f"A new conversation, {self._id}.")

    def _list(self, words: str) -> None:
        if words:
            from skywright.assistant.memory.finding import find_messages

            for hit in find_messages(self.session.memory, words):
                self.printer.note(f"{hit.conversation_id}  {hit.title}: {hit.snippet}")
            return
        for one in self.session.memory.recent(limit=_LISTED):
            self.printer.note(f"{one.id}  {one.changed_at_utc[:16]}  {one.title}")

    def _branch(self, number: str) -> None:
        from skywright.assistant.memory.branching import branch

        id_ = self._current()
        messages = self.session.memory.messages(id_)
        if number and not number.isdigit():
            message = f"/branch takes the number of a message, got {number[:40]!r}."
            raise InputError(message, hint="Without one it branches from the last message.")
        if not messages:
            message = "There is no message yet to branch from."
            raise InputError(message, hint="Ask something first.")
        made = branch(self.session.memory, id_, int(number) if number else messages[-1].id)
        self._id = made.id
        self.printer.note(f"A branch with {made.messages} messages, {made.id}.")

    def _export(self, named: str) -> None:
        from skywright.assistant.memory.exchange import export_lines

        id_ = self._current()
        path = Path(named or f"conversation-{id_}.jsonl").expanduser()
        if not path.parent.is_dir():
            message = f"The folder {path.parent} does not exist; make it first."
            raise InputError(message)
        lines = "".join(f"{line}\n" for line in export_lines(self.session.memory, id_))
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text(lines, encoding="utf-8")
        partial.replace(path)
        self.printer.note(f"Written to {path}.")

    def _delete(self, named: str) -> None:
        id_ = self._named(named).id if named else self._current()
        self.session.memory.remove(id_)
        self._id = "" if id_ == self._id else self._id
        self.printer.note(f"The conversation {id_} is gone, with its tables and files.")

    def _model(self, name: str) -> None:
        from skywright.assistant.session import Session

        if name:
            self.session = Session(self.session.settings, model=name)
        now = self.session.model or self.session.settings.language_model or "rules"
        self.printer.note(f"Answers come from {now}.")

    def _tools(self, _: str) -> None:
        for one in self.session.tools().specs():
            self.printer.note(f"{one.name:28s} {one.title}")

    def _help(self, _: str) -> None:
        self.printer.note(
            "/new [TITLE]  /list [WORDS]  /open ID  /branch [MESSAGE]  /export [FILE]\n"
            "/delete [ID]  /model [NAME]  /tools  /quit"
        )

    def _current(self) -> str:
        if not self._id:
            message = "No conversation is open."
            raise NotFoundError(message, hint="Ask something, or /open one that /list shows.")
        return self._id

    def _named(self, named: str) -> Conversation:
        rows = self.session.memory.recent(limit=10_000)
        found = [one for one in rows if named and one.id.startswith(named)]
        if len(found) != 1:
            message = f"{len(found)} conversations begin with {named[:40]!r}."
            raise NotFoundError(message, hint="/list shows them with their ids.")
        return found[0]


def _lines() -> Iterator[str]:
    if not sys.stdin.isatty():
        for line in iter(sys.stdin.readline, ""):  # the file itself would be closed at /quit
            yield line.encode("utf-8", "replace").decode()
        return
    while True:
        try:
            yield printable(input("> "))
        except KeyboardInterrupt:
            typer.echo("")
        except EOFError:
            return
