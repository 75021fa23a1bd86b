"""Signatures of manifests: Ed25519 with a key of this installation (RFC 8032)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from skywright.errors import InputError
from skywright.security.secret_files import read_or_make

SIGNING_KEY_FILE = "signing.key"
"""Name of the private key in the data folder."""

_TRUSTED_FOLDER = "trusted-keys"


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of one installation; made in its data folder when first used to sign."""

    data_dir: Path
    """Folder of the key, and of ``trusted-keys/*.pub`` of others."""

    def sign(self, content: bytes) -> str:
        """Return ``<public key>:<signature>``, both in base64."""
        return f"{self.public_key()}:{_text(self._key().sign(content))}"

    def public_key(self) -> str:
        """Return the public key of this installation in base64."""
        return _text(self._key().public_key().public_bytes_raw())

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
        if (self.data_dir / SIGNING_KEY_FILE).is_file():
            keys.add(self.public_key())
        return keys

    def _key(self) -> Ed25519PrivateKey:
        content = read_or_make(
            self.data_dir / SIGNING_KEY_FILE,
            lambda: base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()),
        )
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(content))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
