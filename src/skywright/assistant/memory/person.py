"""What conversations hold of somebody who asks for their data: taken out, or erased for good."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from skywright.assistant.memory.exchange import export_lines
from skywright.assistant.memory.facts import facts
from skywright.assistant.memory.memory import Memory, erase
from skywright.settings import Settings

_COUNTED = {
    "conversations": "conversation WHERE owner = :owner",
    "messages": "message JOIN conversation AS c ON c.id = conversation_id WHERE owner = :owner",
    "facts": "fact WHERE owner = :owner",
}


class KeptConversations:
    """Conversations with their files, ratings and facts, by their owners.

    Parameters
    ----------
    settings : Settings
        For the data folder. Where nobody has asked anything yet, nothing is made.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def count(self, owners: Sequence[str]) -> dict[str, int]:
        """Return how many conversations, messages and facts owners have."""
        counts = dict.fromkeys(_COUNTED, 0)
        for memory in self._of(owners):
            with memory.file.read() as connection:
                for name, what in _COUNTED.items():
                    query = f"SELECT count(*) FROM {what}"  # noqa: S608  (our own words)
                    counts[name] += connection.execute(query, {"owner": memory.owner}).fetchone()[0]
        return counts

    def members(self, owners: Sequence[str]) -> Iterator[tuple[str, bytes | Path]]:
        """Yield names and contents: messages as lines of JSON, facts, files and tables."""
        for memory in self._of(owners):
            told = [asdict(one) for one in facts(memory)]
            if told:
                text = json.dumps(told, indent=1, ensure_ascii=False)
                yield f"facts/{memory.owner or 'local'}.json", text.encode()
            for id_ in _ids(memory):
                lines = "\n".join(export_lines(memory, id_, files=False))
                yield f"conversations/{id_}.jsonl", lines.encode() + b"\n"
                folder = memory.files(id_)
                for path in sorted(folder.rglob("*")):
                    if path.is_file() and not path.is_symlink():
                        yield f"conversations/{id_}/{path.relative_to(folder).as_posix()}", path

    def erase(self, owners: Sequence[str]) -> dict[str, int]:
        """Delete all of it, so that neither the file nor its log holds it, and return counts."""
        counts = self.count(owners)
        for memory in self._of(owners):
            ids = _ids(memory)
            with memory.file.write() as connection:
                for id_ in ids:
                    erase(connection, id_)
                connection.execute("DELETE FROM fact WHERE owner = ?", (memory.owner,))
            for id_ in ids:
                shutil.rmtree(memory.files(id_), ignore_errors=True)
            memory.file.settle()
        return counts

    def _of(self, owners: Sequence[str]) -> Iterator[Memory]:
        for owner in owners:
            memory = Memory.of(self._settings, owner)
            if memory.file.path.is_file():
                yield memory


def _ids(memory: Memory) -> list[str]:
    with memory.file.read() as connection:
        rows = connection.execute(
            "SELECT id FROM conversation WHERE owner = ? ORDER BY created_at_utc, id",
            (memory.owner,),
        ).fetchall()
    return [row["id"] for row in rows]
