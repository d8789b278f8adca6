"""What a call that cannot be carried out is answered, and which call is being carried out."""

from __future__ import annotations

from dataclasses import dataclass

from reunify.sandbox.stripe_simulator.store import Thing


class Problem(Exception):
    """An answer in Stripe's words: HTTP status, `error.type`, `error.code`, message."""

    def __init__(self, status: int, type_: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error: Thing = {"type": type_, "code": code, "message": message}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which call is being carried out; its key comes back in the events it causes."""

    request: str
    key: str | None

    @property
    def cause(self) -> tuple[str, str] | None:
        return (self.request, self.key) if self.key else None


def invalid(message: str, *, code: str = "parameter_invalid") -> Problem:
    return Problem(400, "invalid_request_error", code, message)


def missing(what: str, id_: str) -> Problem:
    return Problem(404, "invalid_request_error", "resource_missing", f"No such {what}: {id_}")
