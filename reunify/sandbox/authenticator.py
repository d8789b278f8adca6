"""A passkey in software (WebAuthn, ES256, no attestation), for the demo and the tests. Never for real people.

Its private key follows from the user name, so that every process of the sandbox holds the same one. That is
no secret, and need not be: the sandbox refuses live keys and listens on this machine only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PRESENT, _VERIFIED, _NEW = 0x01, 0x04, 0x40
_NO_MODEL = bytes(16)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftwarePasskey:
    """One credential of one person. `count` stays 0, as with passkeys that live on several devices."""

    username: str
    user_handle: bytes = b""
    count: int = 0
    verifies: bool = True  # False: it never asks who is there

    @property
    def credential_id(self) -> bytes:
        return hashlib.sha256(f"reunify sandbox credential:{self.username}".encode()).digest()

    @property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        seed = hashlib.sha512(f"reunify sandbox passkey:{self.username}".encode()).digest()
        return ec.derive_private_key(int.from_bytes(seed) % (_ORDER_OF_P256 - 1) + 1, ec.SECP256R1())

    @property
    def public_key(self) -> bytes:
        """As a COSE key: EC2, ES256, P-256, x, y."""
        point = self._key.public_key().public_numbers()
        x, y = point.x.to_bytes(32), point.y.to_bytes(32)
        return bytes(cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y}))

    @property
    def pkcs8(self) -> bytes:
        """The private key, as Chromium's virtual authenticator takes it."""
        return self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def make(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """The answer to creation options, as a browser's `toJSON()` gives it."""
        self.user_handle = unb64(options["user"]["id"])
        told = _client_data("webauthn.create", options["challenge"], origin)
        credential = len(self.credential_id).to_bytes(2) + self.credential_id + self.public_key
        data = self._data(options["rp"]["id"], _NEW) + _NO_MODEL + credential
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": b64(told), "attestationObject": b64(attested)})

    def sign(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """The answer to request options, as a browser's `toJSON()` gives it."""
        told = _client_data("webauthn.get", options["challenge"], origin)
        data = self._data(options["rpId"], 0)
        signed = self._key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {"clientDataJSON": b64(told), "authenticatorData": b64(data), "signature": b64(signed)}
        if self.user_handle:
            answer["userHandle"] = b64(self.user_handle)
        return self._answer(answer)

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        name = b64(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()
