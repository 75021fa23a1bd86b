"""What the database, the secrets and the servers around are like; looking changes nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import exists, func, select

from skywright.cli.checks import Check
from skywright.errors import SkywrightError
from skywright.security.archive import KEY_FILES
from skywright.security.master_key import MASTER_KEY_FILE, read_master_key
from skywright.security.perimeter import is_loopback
from skywright.security.secret_files import is_private
from skywright.settings import Settings
from skywright.store.audit import walk_audit
from skywright.store.database import HEAD, Database, utc_now
from skywright.store.foundry_schema import object_keys
from skywright.store.keys import list_keys
from skywright.store.schema import audit

_TIMEOUT_S = 3.0
_RAY_PORTS = {"ray": 10001, "": 6379}


def check_database(database: Database) -> Check:
    """Tell whether the database answers and is up to date."""
    try:
        revision = database.revision()
    except SkywrightError as error:
        return Check("database", "bad", error.message, error.hint)
    if not revision:
        return Check("database", "good", "not there yet; made on first use")
    if revision == HEAD:
        return Check("database", "good", f"answers, at revision {revision}")
    if revision < HEAD:
        told = f"at revision {revision}, this version wants {HEAD}"
        return Check("database", "note", told, "skywright db upgrade")
    told = f"at revision {revision}, newer than this version knows ({HEAD})"
    return Check("database", "bad", told, "pip install --upgrade skywright")


def check_keys(settings: Settings, database: Database) -> Check:
    """Tell whether the address to listen on and the keys on record fit."""
    records = list_keys(database)
    now = utc_now()
    good = [
        key
        for key in records
        if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
    ]
    if good:
        return Check("keys", "good", f"{len(good)} good of {len(records)} on record")
    fix = "skywright keys create NAME --role analyst"
    if records:
        return Check("keys", "bad", f"none of {len(records)} is good; nobody can come in", fix)
    return check_no_keys(settings)


def check_no_keys(settings: Settings) -> Check:
    """Tell what having no key means for the address to listen on."""
    fix = "skywright keys create NAME --role analyst"
    if is_loopback(settings.host):
        return Check("keys", "good", "none; only this machine is served")
    told = f"none, and SKYWRIGHT_HOST={settings.host} is not this machine: it would not start"
    return Check("keys", "bad", told, fix)


def check_secrets(settings: Settings) -> Iterator[Check]:
    """Tell whether secrets are readable by their owner only, and of the right shape."""
    folder = settings.data_dir.expanduser()
    for name in KEY_FILES:
        path = folder / name
        if not path.is_file():
            continue
        if not is_private(path):
            yield Check(name, "bad", "others may read it", f"chmod 600 {path}")
        else:
            yield Check(name, "good", "readable by its owner only")
    given = settings.master_key.get_secret_value()
    if given or (folder / MASTER_KEY_FILE).is_file():
        try:
            read_master_key(given, folder)
        except SkywrightError as error:
            yield Check("master key", "bad", error.message, error.hint)


def check_vault(settings: Settings, database: Database) -> Check:
    """Tell whether there is a master key where there are encrypted files."""
    with database.read() as connection:
        used = bool(connection.scalar(select(exists(select(object_keys.c.object_id)))))
    there = settings.master_key.get_secret_value() or _master_key_file(settings).is_file()
    if used and not there:
        fix = f"Put the key back: SKYWRIGHT_MASTER_KEY, or {_master_key_file(settings)}."
        return Check("vault", "bad", "there are encrypted files and no master key", fix)
    return Check("vault", "good", "in use" if used else "empty")


def check_audit(database: Database) -> Check:
    """Tell whether the audit trail is what was written."""
    state = walk_audit(database)
    if state.broken_id is None:
        return Check("audit", "good", f"{state.rows} rows in a chain that holds")
    fix = "Compare with a backup: skywright restore FILE.tar --verify"
    return Check("audit", "bad", f"the chain is broken at row {state.broken_id}", fix)


def newest_write(database: Database) -> str:
    """Return the time of the newest row of the trail [UTC, ISO 8601], or empty."""
    with database.read() as connection:
        return str(connection.scalar(select(func.max(audit.c.at))) or "")


def check_servers(settings: Settings) -> Iterator[Check]:
    """Tell whether the servers that settings name answer."""
    if settings.limits_url and not settings.limits_url.startswith("memory"):
        yield _redis(settings.limits_url)
    if settings.ray_address and settings.ray_address not in ("auto", "local"):
        yield _ray(settings.ray_address)


def _redis(url: str) -> Check:
    try:
        import redis
    except ModuleNotFoundError:
        told = "SKYWRIGHT_LIMITS_URL is set and the client is not installed"
        return Check("redis", "bad", told, "pip install 'skywright[redis]'")
    try:
        with redis.Redis.from_url(
            url.replace("redis+unix", "unix"), socket_timeout=_TIMEOUT_S
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        fix = "Start it, or correct SKYWRIGHT_LIMITS_URL."
        return Check("redis", "bad", f"does not answer: {error}", fix)
    return Check("redis", "good", "answers")


def _ray(address: str) -> Check:
    parts = urlsplit(address if "://" in address else f"//{address}")
    host, fix = parts.hostname or "", "Start the cluster, or correct SKYWRIGHT_RAY_ADDRESS."
    try:
        port = parts.port or _RAY_PORTS.get(parts.scheme, 10001)
        socket.create_connection((host, port), _TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        return Check("ray", "bad", f"{address} does not answer: {error}", fix)
    return Check("ray", "good", f"{address} answers")


def _master_key_file(settings: Settings) -> Path:
    return settings.data_dir.expanduser() / MASTER_KEY_FILE
