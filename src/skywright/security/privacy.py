"""What a person may ask for: a copy of everything stored of them, and its end."""

from __future__ import annotations

import json
import mimetypes
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.security.callers import LOCAL
from skywright.security.pseudonyms import is_pseudonym, person_of, read_salt
from skywright.security.sealing import Seal
from skywright.security.vault import Vault, object_path, row_label
from skywright.settings import Settings
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.keys import list_keys
from skywright.store.privacy import (
    Erased,
    erase_rows,
    find_parsed_rows,
    find_rows,
    object_id_of,
)


class Held(Protocol):
    """What is kept elsewhere of the holders of keys, by the prefix of the key."""

    def count(self, keys: Sequence[str]) -> dict[str, int]:
        """Return how much of each kind."""

    def members(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes | Path]]:
        """Yield names and contents for an archive."""

    def erase(self, keys: Sequence[str]) -> dict[str, int]:
        """Delete it for good and return how much of each kind."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and the pseudonyms under which something is stored of them."""

    pseudonyms: tuple[str, ...]
    """Those with rows."""
    keys: tuple[str, ...]
    """Prefixes of the keys that were tried."""
    held: tuple[str, ...] = ()
    """Prefixes of keys whose own holder this is: what hangs on a key is theirs."""


def find_person(
    settings: Settings,
    database: Database,
    user: str,
    keys: Sequence[str] = (),
    also: Held | None = None,
) -> Person:
    """Return the pseudonyms of a user behind some keys that have anything stored.

    Whoever is named as a key is (by its prefix, its name, or ``local``), and the empty name, is the
    key's own holder.

    Parameters
    ----------
    settings : Settings
        For the salt.
    database : Database
        Where rows and keys are.
    user : str
        A name as it was given to the API, or a pseudonym.
    keys : sequence of str
        Prefixes to try; none means all on record, revoked ones included, and ``local``.
    also : Held, optional
        What is kept of holders of keys beside the database.

    Raises
    ------
    NotFoundError
        If nothing is stored.
    """
    on_record = list_keys(database)
    tried = tuple(keys) or (LOCAL, *(key.prefix for key in on_record))
    salt = read_salt(settings.pseudonym_salt.get_secret_value(), settings.data_dir)
    names = [user] if is_pseudonym(user) else [person_of(salt, key, user) for key in tried]
    called = {key.prefix: key.name for key in on_record}
    holders = {
        key: person_of(salt, key, "")
        for key in tried
        if person_of(salt, key, "") in names or _is_called(user, key, called.get(key, ""))
    }
    names = list(dict.fromkeys([*names, *holders.values()]))
    rows = find_rows(database, names)
    known = {row["person"] for row in rows["classifications"]}
    known |= {row["caller"] for row in rows["predictions"]}
    known |= {row["user_id"] for row in rows["user_inputs"]}
    held = tuple(key for key in holders if also and any(also.count([key]).values()))
    known |= {holders[key] for key in held}
    if not known:
        message = f"Nothing is stored of this user behind the keys {', '.join(tried)}."
        raise NotFoundError(message, hint="Names are compared without case and outer blanks.")
    return Person(tuple(name for name in names if name in known), tried, held)


def _is_called(user: str, *names: str) -> bool:
    user = user.strip().lower()
    return bool(user) and user in {name.strip().lower() for name in names}


def export_person(
    settings: Settings,
    database: Database,
    person: Person,
    out: Path,
    also: Held | None = None,
) -> dict[str, int]:
    """Write a ZIP file with everything stored of a person and return the rows by table.

    Parameters
    ----------
    settings : Settings
        For the vault.
    database : Database
        Where the rows are.
    person : Person
        From ``find_person``.
    out : Path
        The file; it appears whole or not at all, readable by its owner only.
    also : Held, optional
        What is kept beside the database.

    Raises
    ------
    InputError
        If its folder does not exist.
    ConflictError
        If it exists.
    SealError
        If an upload was changed; nothing is written then.
    """
    if not out.parent.is_dir():
        message = f"The folder {out.parent} for --out does not exist; make it first."
        raise InputError(message)
    if out.exists():
        message = f"The file {out} exists; name another one with --out."
        raise ConflictError(message)
    partial = out.with_name(out.name + ".partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(handle, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as to,
        ):
            counts = _copy_held(to, also, person.held) if also else {}
            counts = _fill(to, Vault.of(settings, database), database, person, counts)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    with database.write() as connection:
        for name in person.pseudonyms:
            add_audit_row(connection, "command line", "privacy.export", name)
    return counts


def erase_person(
    settings: Settings, database: Database, person: Person, also: Held | None = None
) -> Erased:
    """Delete everything stored of a person: rows, keys of uploads, files, what is kept beside.

    Copies in backups made before stay there, encrypted under keys that those backups hold too.
    """
    beside = also.erase(person.held) if also else {}
    erased = erase_rows(database, person.pseudonyms, beside)
    for object_id in erased.object_ids:
        object_path(settings.data_dir / "vault", object_id).unlink(missing_ok=True)
    database.settle()
    return erased


def _copy_held(to: zipfile.ZipFile, also: Held, keys: Sequence[str]) -> dict[str, int]:
    for name, content in also.members(keys):
        if isinstance(content, Path):
            to.write(content, name)
        else:
            to.writestr(name, content)
    return also.count(keys)


def _fill(
    to: zipfile.ZipFile,
    vault: Vault,
    database: Database,
    person: Person,
    beside: Mapping[str, int],
) -> dict[str, int]:
    rows = find_rows(database, person.pseudonyms)
    counts = {name: len(found) for name, found in rows.items()} | dict(beside)
    counts["user_rows"] = 0
    for given in rows["user_inputs"]:
        if given["path"]:
            seal = vault.seal_of(object_id_of(given["path"]))
            _copy_upload(to, vault, seal.object_id, given)
            counts["user_rows"] += _copy_parsed_rows(to, database, seal, given["id"])
    for name, found in rows.items():
        to.writestr(f"{name}.json", _json(found))
    about = {**asdict(person), "made_at": utc_now(), "rows": counts}
    to.writestr("about.json", _json(about))
    return counts


def _copy_upload(
    to: zipfile.ZipFile, vault: Vault, object_id: str, given: Mapping[str, Any]
) -> None:
    ending = mimetypes.guess_extension(given["media_type"].partition(";")[0].strip()) or ""
    with (
        vault.open(object_id) as source,
        to.open(f"user_inputs/{given['id']}{ending}", "w", force_zip64=True) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)


def _copy_parsed_rows(to: zipfile.ZipFile, database: Database, seal: Seal, input_id: str) -> int:
    count = 0
    with to.open(f"user_rows/{input_id}.jsonl", "w", force_zip64=True) as target:
        for row in find_parsed_rows(database, input_id):
            content = seal.unseal(bytes(row["content"]), row_label(row["part"], row["row"]))
            shown = {"part": row["part"], "row": row["row"], "content": json.loads(content)}
            target.write(json.dumps(shown, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"
