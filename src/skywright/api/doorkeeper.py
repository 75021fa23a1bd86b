"""Who may come in: a key where keys are on record, this machine only where there are none."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from skywright.errors import AccessError
from skywright.security.callers import LOCAL, Caller
from skywright.security.keys import has_key_shape, hash_key
from skywright.security.limits import RateLimits, network_of
from skywright.security.perimeter import refuse_strangers
from skywright.security.roles import Role
from skywright.settings import Settings
from skywright.store.database import Database, utc_now
from skywright.store.keys import KeyRecord, any_key, find_key

OPEN_PATHS = frozenset({"/health", "/ready"})
"""Answered without a key, for probes; they tell nothing of the data."""

_REMEMBER_S = 1.0  # a key made or revoked on the command line counts after a second at most
_MOST_REMEMBERED = 1000


class UnknownCallerError(AccessError):
    """No key, or one that is not on record, was revoked or has expired."""

    http_status = 401
    code = "unauthorized"


class Doorkeeper:
    """Decides on every request, from the socket and the headers alone."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._limits = RateLimits(settings.limits_url)
        self._settings = settings
        # A person alone on a machine is limited only if they asked for it.
        self._limit_local = "rate_limit_per_minute" in settings.model_fields_set
        self._keys: dict[str, tuple[float, KeyRecord | None]] = {}
        self._any: tuple[float, bool] = (-1.0, False)

    async def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Let a request in, noting its caller in the scope, or refuse it.

        Raises
        ------
        AccessError
            If the key is missing, unknown, revoked or expired, or there are none and the request
            is not surely from this machine.
        RateLimitError
            If the caller or its address made too many requests.
        """
        peer = (scope.get("client") or (None,))[0]
        if await self._keys_on_record():
            caller = await self._by_key(scope, headers, str(peer))
        else:
            caller = await self._local(scope, headers, peer)
        scope.setdefault("state", {})["caller"] = caller

    def forget(self) -> None:
        """Look every key up again at its next use."""
        self._keys.clear()
        self._any = (-1.0, False)

    async def _local(self, scope: Scope, headers: dict[bytes, bytes], peer: str | None) -> Caller:
        server = (scope.get("server") or (None,))[0]
        plain = {name.decode("latin-1"): text.decode("latin-1") for name, text in headers.items()}
        refuse_strangers(peer, server, plain)
        if self._limit_local:
            await self._count(self._settings.rate_limit_per_minute, "key", LOCAL)
        return Caller(LOCAL, Role.ADMIN)

    async def _by_key(self, scope: Scope, headers: dict[bytes, bytes], peer: str) -> Caller | None:
        if scope["path"] in OPEN_PATHS:
            return None
        network = network_of(peer)
        await self._count(self._settings.address_limit_per_minute, "address", network)
        secret = _presented(headers)
        record = await self._look_up(secret) if secret else None
        reason = _reason_to_refuse(secret, record)
        if record is None or reason:
            # After the look-up: behind a proxy all share an address, and one must not lock out all.
            await self._count(self._settings.failed_keys_per_minute, "failed", network)
            raise UnknownCallerError(reason)
        await self._count(self._settings.rate_limit_per_minute, "key", record.prefix)
        return Caller(record.prefix, Role.named(record.role))

    async def _count(self, per_minute: int, *caller: str) -> None:
        if self._limits.remote:
            await run_in_threadpool(self._limits.take, per_minute, *caller)
        else:
            self._limits.take(per_minute, *caller)  # 5 us: a thread would cost more

    async def _look_up(self, secret: str) -> KeyRecord | None:
        if not has_key_shape(secret):
            return None
        sha, now = hash_key(secret), time.monotonic()
        seen, record = self._keys.get(sha, (-1.0, None))
        if seen < now:
            record = await run_in_threadpool(find_key, self._database, sha)
            if len(self._keys) >= _MOST_REMEMBERED:
                self._keys.clear()
            self._keys[sha] = (now + _REMEMBER_S, record)
        return record

    async def _keys_on_record(self) -> bool:
        until, known = self._any
        if known or until >= time.monotonic():  # there is no way back to none
            return known
        known = await run_in_threadpool(any_key, self._database)
        self._any = (time.monotonic() + _REMEMBER_S, known)
        return known


def _presented(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, secret = given.partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    return headers.get(b"x-api-key", b"").decode("latin-1").strip()


def _reason_to_refuse(secret: str, record: KeyRecord | None) -> str:
    if not secret:
        return "This server needs an API key: send 'Authorization: Bearer sky_...'."
    if record is None:
        return "The API key is not on record."
    if record.revoked_at is not None:
        return f"The API key {record.prefix} was revoked at {record.revoked_at}."
    if record.expires_at is not None and record.expires_at <= utc_now():
        return f"The API key {record.prefix} expired at {record.expires_at}."
    return ""
