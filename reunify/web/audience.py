"""Who may call a route. A route without one of these dependencies fails the tests and is never served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends, Request

from reunify.bootstrap import House
from reunify.identity import family_links, sessions, tokens
from reunify.identity.policy import check_proved
from reunify.intake import outcomes
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
                person = sessions.staff_of(session, token=token, now=at.now())
            if person is not None:
                request.state.me = person  # for the page that answers a refusal
                if roles:
                    check_role(person, *roles)
                if step_up:
                    check_proved(person, now=at.now())
                return person
        raise SignInFirst("Please sign in.")

    allowed.audience = "staff: " + (", ".join(roles) or "any role")  # type: ignore[attr-defined]  # read by the access test
    allowed.step_up = step_up  # type: ignore[attr-defined]
    allowed.roles = frozenset(roles)  # type: ignore[attr-defined]
    return allowed


def service_or_staff(scope: str, *roles: Role) -> Callable[[Request], Staff]:
    """Staff as `staff(*roles)` says, or a program whose token has the scope, acting in its owner's name.

    A token counts in the bearer header only, and nowhere else in the house: every other door is `staff`.
    """
    people = staff(*roles)

    def allowed(request: Request) -> Staff:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not token.startswith(tokens.PREFIX):
            return people(request)
        at = house(request)
        with at.db.work() as session:
            program = tokens.acting(session, token=token.strip(), scope=scope, now=at.now())
        if program is None:
            raise SignInFirst("This token is not known, has ended, or does not reach this far.")
        return program

    allowed.audience = f"{people.audience}; or a token with {scope}"  # type: ignore[attr-defined]
    allowed.step_up = False  # type: ignore[attr-defined]
    allowed.scope = scope  # type: ignore[attr-defined]
    allowed.roles = frozenset(roles)  # type: ignore[attr-defined]
    return allowed


def family_inside(request: Request) -> tuple[Family, RequestId]:
    """Whoever opened the private link with its PIN."""
    token = request.cookies.get(FAMILY_COOKIE)
    at = house(request)
    if token:
        with at.db.read() as session:
            found = family_links.family_of(session, token=token, now=at.now())
        if found is not None:
            return found
    raise OpenLinkFirst("Please open your private link again and type the PIN we told you.")


def family(request: Request) -> tuple[Family, RequestId]:
    """As `family_inside`; while a quiet outcome stands only the plan's own address answers."""
    who, request_id = family_inside(request)
    with house(request).db.read() as session:
        if outcomes.is_quiet(session, request_id):
            raise OpenLinkFirst("Please call us.")
    return who, request_id


AtHouse = Annotated[House, Depends(house)]
AnyStaff = Annotated[Staff, Depends(staff())]
CaseManager = Annotated[Staff, Depends(staff(Role.CASE_MANAGER))]
FINANCE_ROLES = (Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)
Finance = Annotated[Staff, Depends(staff(*FINANCE_ROLES))]
# With a passkey within five minutes (ASVS 7.5.3): money goes out, people or rules change, data leaves.
SteppedUpFinance = Annotated[Staff, Depends(staff(*FINANCE_ROLES, step_up=True))]
SteppedUpCaseManager = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, step_up=True))]
SteppedUpAdministrator = Annotated[Staff, Depends(staff(Role.ADMINISTRATOR, step_up=True))]
SteppedUpRulesAuthor = Annotated[Staff, Depends(staff(Role.RULES_AUTHOR, step_up=True))]
SteppedUpStaff = Annotated[Staff, Depends(staff(step_up=True))]
EntersRequests = Annotated[Staff, Depends(service_or_staff("requests:write", Role.CASE_MANAGER))]
ReadsProgress = Annotated[Staff, Depends(service_or_staff("requests:read_progress"))]
ReadsPayment = Annotated[
    Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR, *FINANCE_ROLES, Role.AUDITOR))
]
AtFamily = Annotated[tuple[Family, RequestId], Depends(family)]
