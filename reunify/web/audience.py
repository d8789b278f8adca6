"""Who may call a route. A route without one of these dependencies fails the tests and is never served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends, Request

from reunify.bootstrap import House
from reunify.identity import actions as identity
from reunify.identity import family_links
from reunify.identity.policy import check_proved
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Family, Role, Staff, check_role
from reunify.kernel.refusals import NotAllowed

STAFF_COOKIE = "__Host-staff"
FAMILY_COOKIE = "__Host-family"


class SignInFirst(NotAllowed):
    """No live session came with the call."""


class OpenLinkFirst(NotAllowed):
    """No live family session came with the call."""


def house(request: Request) -> House:
    """The wiring made by bootstrap."""
    return cast(House, request.app.state.house)


def staff_token(request: Request) -> str | None:
    """From the cookie of a browser or the bearer header of a program."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer" and token:
        return token.strip()
    return request.cookies.get(STAFF_COOKIE)


def anyone(request: Request) -> None:
    """A public route, said out loud."""


def staff(*roles: Role, step_up: bool = False) -> Callable[[Request], Staff]:
    """Signed-in staff; with roles, holders of at least one of them; with step-up, a passkey just now."""

    def allowed(request: Request) -> Staff:
        token = staff_token(request)
        at = house(request)
        if token:
            with at.db.work() as session:
                person = identity.staff_of(session, token=token, now=at.now())
            if person is not None:
                if roles:
                    check_role(person, *roles)
                if step_up:
                    check_proved(person, now=at.now())
                return person
        raise SignInFirst("Please sign in.")

    allowed.audience = "staff: " + (", ".join(roles) or "any role")  # type: ignore[attr-defined]  # read by the access test
    allowed.step_up = step_up  # type: ignore[attr-defined]
    return allowed


def family(request: Request) -> tuple[Family, RequestId]:
    """Whoever opened the private link with its PIN."""
    token = request.cookies.get(FAMILY_COOKIE)
    at = house(request)
    if token:
        with at.db.read() as session:
            found = family_links.family_of(session, token=token, now=at.now())
        if found is not None:
            return found
    raise OpenLinkFirst("Please open your private link again and type the PIN we told you.")


AtHouse = Annotated[House, Depends(house)]
AnyStaff = Annotated[Staff, Depends(staff())]
CaseManager = Annotated[Staff, Depends(staff(Role.CASE_MANAGER))]
Finance = Annotated[Staff, Depends(staff(Role.FINANCE_APPROVER, Role.FINANCE_RELEASER))]
AtFamily = Annotated[tuple[Family, RequestId], Depends(family)]
