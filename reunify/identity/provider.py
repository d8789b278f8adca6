"""What we need from an identity provider: where to send a browser, and what its answer proves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reunify.kernel.refusals import NotAllowed, Retryable


class ProviderDown(Retryable):
    """The provider does not answer, or not in its own way. Nobody is locked out: passkeys work without it."""


class ProofRefused(NotAllowed):
    """What came back from the provider proves nothing here. Says nothing of what was wrong with it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`address`: where the browser goes. The rest is kept here until it comes back."""

    address: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """Who signed in there. `email` only if the provider has verified it; `auth_time` only if it says so."""

    issuer: str
    subject: str = field(repr=False)
    email: str | None = field(repr=False)
    acr: str | None
    auth_time: datetime | None


class IdentityProvider(Protocol):
    name: str  # on the button

    def begin(self, *, back: str, step_up: bool) -> Visit:
        """Raises ProviderDown. `back`: our address the browser returns to. `step_up`: sign in anew, now."""

    def finish(
        self, *, code: str, back: str, nonce: str, verifier: str, step_up: bool, now: datetime
    ) -> Proof:
        """Raises ProviderDown, ProofRefused."""

    def counts_as_second_factor(self, proof: Proof) -> bool:
        """The provider says that it asked for a second factor itself, in words the organisation accepts."""
