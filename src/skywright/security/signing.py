"""Signatures of manifests: Ed25519 with a key of this installation (RFC 8032)."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from skywright.errors import InputError

_KEY_FILE = "signing.key"
_TRUSTED_FOLDER = "trusted-keys"


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of one installation; made in its data folder when first used to sign."""

    data_dir: Path
    """Folder of the key, and of ``trusted-keys/*.pub`` of others."""

    def sign(self, content: bytes) -> str:
        """Return ``<public key>:<signature>``, both in base64."""
        key = self._key()
        public = _text(key.public_key().public_bytes_raw())
        return f"{public}:{_text(key.sign(content))}"

    def verify(self, content: bytes, signature: str) -> None:
        """Refuse content that nobody trusted has signed.

        Raises
        ------
        InputError
            If the signature is damaged, does not fit, or is by an unknown key.
        """
        public, _, mark = signature.strip().partition(":")
        if public not in self.trusted():
            message = f"The signature is by the key {public[:16]!r}, which is not trusted here."
            hint = f"Put the key into {self.data_dir / _TRUSTED_FOLDER}/NAME.pub to trust it."
            raise InputError(message, hint=hint)
        try:
            verifier = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
            verifier.verify(base64.b64decode(mark), content)
        except (InvalidSignature, ValueError) as error:
            message = "The signature does not fit the content, which was changed."
            raise InputError(message) from error

    def trusted(self) -> set[str]:
        """Return the public keys whose signatures count: our own and those put there."""
        keys = {
            path.read_text(encoding="ascii").strip()
            for path in (self.data_dir / _TRUSTED_FOLDER).glob("*.pub")
        }
        if (self.data_dir / _KEY_FILE).is_file():
            keys.add(_text(self._key().public_key().public_bytes_raw()))
        return keys

    def _key(self) -> Ed25519PrivateKey:
        path = self.data_dir / _KEY_FILE
        if not path.is_file():
            _make_key(path)
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_bytes()))


def _make_key(path: Path) -> None:
    """Write a new key whole or not at all; where two processes race, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()))
    with contextlib.suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
