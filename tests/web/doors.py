"""Every door of the house, as the application itself lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi.dependencies.models import Dependant

from reunify.bootstrap import House
from reunify.kernel.people import Role
from reunify.kernel.sight import Sight
from reunify.web.audience import family
from tests.apps import app_of

# Open to everybody, on purpose. A new one is a decision: write it here.
PUBLIC = {
    "GET /api/v1/health",
    "GET /api/v1/openapi.json",  # the description of the interface; no data
    "GET /f/{token}",
    "GET /family",
    "GET /family/bank-details",  # without a session only thanks: a vendor comes back to it as well
    "GET /family/leave",
    "GET /genuine",
    "GET /genuine/{code}",  # whether a paper is ours: no name, no amount
    "GET /go",
    "GET /n/{token}",  # says only that something waits
    "GET /enrol",
    "GET /sign-in",
    "MOUNT /static",
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/second-factor",
    "POST /enrol",
    "POST /enrol/app",
    "POST /enrol/app/confirm",
    "POST /enrol/halves",
    "POST /enrol/passkey",
    "POST /enrol/passkey/options",
    "POST /enrol/password",
    "POST /family",
    "POST /genuine",
    "POST /go",
    "POST /n/{token}",  # holds up further calls for five minutes, once for each person; decides nothing
    "POST /sign-in",
    "POST /sign-in/again",
    "POST /sign-in/code",
    "POST /sign-in/demo",
    "POST /sign-in/passkey",
    "POST /sign-in/passkey/options",
    "GET /sign-in/provider/back",
    "POST /sign-in/provider",
    "POST /webhooks/stripe",  # its signature is its audience
    "POST /webhooks/stripe/authorisations",  # as above, with a secret of its own
}
# What any signed-in person may change: their own session.
OWN_SESSION = {
    "DELETE /api/v1/sessions",
    "POST /api/v1/sessions/step-up",
    "POST /api/v1/sessions/step-up/options",
    "POST /security/app",
    "POST /security/app/confirm",
    "POST /security/app/remove",
    "POST /security/passkeys",
    "POST /security/passkeys/options",
    "POST /security/passkeys/remove",
    "POST /security/passkeys/rename",
    "POST /security/password",
    "POST /security/sessions/end",
    "POST /security/sessions/end-others",
    "POST /sign-out",
    "POST /step-up",
    "POST /step-up/demo",
    "POST /step-up/options",
    "POST /step-up/provider",
    "POST /still-here",
}


# Places whose address is not an id: a fingerprint nobody has, a source nobody knows.
_NAMED = {"sha256": "0" * 64, "source": "nobody"}


@dataclass(frozen=True)
class Door:
    """One method of one route, and every function its callers pass through."""

    method: str
    path: str
    calls: tuple[Any, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def public(self) -> bool:
        return self.name in PUBLIC

    @property
    def audiences(self) -> list[str]:
        return [c.audience for c in self.calls if hasattr(c, "audience")]

    @property
    def roles(self) -> frozenset[Role]:
        """Who of the staff passes; empty where any role does."""
        return next((c.roles for c in self.calls if hasattr(c, "roles")), frozenset())

    @property
    def step_up(self) -> bool:
        return any(getattr(c, "step_up", False) for c in self.calls)

    @property
    def sights(self) -> tuple[Sight, ...] | None:
        """How the case this door is of may be seen; None where the door is of no case."""
        return next((c.object_rule for c in self.calls if hasattr(c, "object_rule")), None)

    def invented_ids(self) -> dict[str, str]:
        """An id nobody has, for each place in the address."""
        return {name: _NAMED.get(name) or str(uuid4()) for name in re.findall(r"{(\w+)", self.path)}

    @property
    def for_family(self) -> bool:
        return family in self.calls

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def doors(house: House) -> list[Door]:
    """Walks the application itself, whatever router a route came from."""
    return [door for route in _routes(app_of(house).routes) for door in _doors_of(route)]


def _routes(routes: list[Any]) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "effective_candidates"):  # a router that was included
            yield from _routes([*route.effective_candidates(), *route.effective_low_priority_routes()])
        else:
            yield route


def _doors_of(route: Any) -> Iterator[Door]:
    dependant: Dependant | None = getattr(route, "dependant", None)
    calls = tuple(_calls(dependant)) if dependant else ()
    for method in sorted(set(getattr(route, "methods", None) or {"MOUNT"}) - {"HEAD"}):
        yield Door(method, route.path, calls)


def _calls(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
