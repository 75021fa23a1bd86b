"""Which side answers a request: by chance, or always the same one for the same key."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from dataclasses import dataclass, field

from skywright.foundry.serve.deployment import Deployment

CHAMPION = "champion"
CHALLENGER = "challenger"
SHADOW = "shadow"
PINNED = "pinned"
"""Variant of a request that named its version."""

_WHOLE = float(2**64)


@dataclass(slots=True)
class Router:
    """Assigns requests to the two sides of a trial.

    Draws without a key are the hashes of a rising counter under a seed, so that a seed given by a
    test gives the same draws again.
    """

    seed: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    """Where the draws begin; by chance unless one is given."""
    _counter: itertools.count[int] = field(default_factory=itertools.count)

    def side(self, deployment: Deployment, key: str | None = None) -> str:
        """Return ``champion`` or ``challenger``.

        Parameters
        ----------
        deployment : Deployment
            The endpoint.
        key : str, optional
            Requests with the same key go to the same side for as long as the trial lasts.
        """
        if not deployment.on_trial or deployment.mode == SHADOW:
            return CHAMPION
        return CHALLENGER if self._draw(deployment, key) < deployment.fraction else CHAMPION

    def shadowed(self, deployment: Deployment, key: str | None = None) -> bool:
        """Tell whether the challenger is shown this request without being heard."""
        if not deployment.on_trial or deployment.mode != SHADOW:
            return False
        return self._draw(deployment, key) < deployment.fraction

    def _draw(self, deployment: Deployment, key: str | None) -> float:
        """Return a number in [0, 1); another trial of the same model draws anew."""
        if key is None:
            return _fraction(str(next(self._counter)), self.seed)
        trial = f"{deployment.name}@{deployment.challenger}".encode()
        return _fraction(key, hashlib.blake2b(trial, digest_size=16).digest())


def _fraction(text: str, key: bytes) -> float:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest()
    return int.from_bytes(digest) / _WHOLE
