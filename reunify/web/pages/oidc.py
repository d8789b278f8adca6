"""Sign in, and confirm, with the organisation's own identity provider.

The browser is sent on by a page and not by a redirect: a form may only lead to our own addresses (CSP).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.identity import factors, half_way, provider_visits, sessions
from reunify.identity.half_way import Purpose
from reunify.identity.limits import Kind
from reunify.identity.provider import IdentityProvider, Proof, ProofRefused, ProviderDown
from reunify.identity.provider_visits import PHISHING_RESISTANT, NotKnownHere, Remembered
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, NotFound
from reunify.kernel.text import is_safe
from reunify.web.audience import AnyStaff, AtHouse, anyone, staff_token
from reunify.web.doors import browser_of, keep_half_way, keep_session
from reunify.web.limits import limited
from reunify.web.pages.sign_in import sign_in_page, welcome
from reunify.web.pages.view import go, own_path, staff_page

router = APIRouter(include_in_schema=False)
DOOR = [Depends(anyone), Depends(limited(Kind.SIGN_IN))]
VISIT_COOKIE = "__Host-visit"
BACK = "/sign-in/provider/back"
_LONGEST = 2048  # of a code or state; longer ones are nobody's


@router.post("/sign-in/provider", dependencies=DOOR)
def begin(request: Request, at: AtHouse) -> Response:
    """On to the provider; the way without it is said when it does not answer."""
    try:
        return _on(request, at, me=None, goes_to="/")
    except ProviderDown as down:
        return sign_in_page(request, wrong=str(down), status=503)


@router.post("/step-up/provider")
def confirm(
    request: Request, by: AnyStaff, at: AtHouse, next_: Annotated[str, Form(alias="next")] = "/"
) -> Response:
    """Sign in there once more, now; counts only if it is done there with something like a passkey."""
    return _on(request, at, me=by, goes_to=own_path(next_) or "/")


@router.get(BACK, dependencies=[Depends(anyone)])
def back(
    request: Request, at: AtHouse, code: str = "", state: str = "", iss: str = "", error: str = ""
) -> Response:
    """Back from the provider, once: the code leaves the address with the answer's redirect.

    Not counted like the other doors: without a visit of ours, and its cookie, nothing is asked of anybody.
    """
    provider = _provider(at)
    try:
        visit = _taken(request, at, state)
        if error or not _as_sent(code):
            raise ProofRefused("You were not signed in there. Please try again, or use your passkey.")
        proof = provider.finish(
            code=code,
            back=_back(at),
            nonce=visit.nonce,
            verifier=visit.verifier,
            step_up=visit.staff_id is not None,
            now=at.now(),
        )
        if iss and iss != proof.issuer:  # RFC 9207: another provider's answer was mixed in
            raise ProofRefused("The answer came from elsewhere. Please begin again.")
        answer = _signed_in(request, at, provider, visit, proof)
    except (NotAllowed, ProviderDown) as refused:
        status = 503 if isinstance(refused, ProviderDown) else 401
        answer = sign_in_page(request, wrong=str(refused), status=status)
    answer.delete_cookie(VISIT_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def _on(request: Request, at: House, *, me: Staff | None, goes_to: str) -> Response:
    provider = _provider(at)
    visit = provider.begin(back=_back(at), step_up=me is not None)
    with at.db.work() as session:
        browser = provider_visits.remember(
            session, visit=visit, staff_id=me.id if me else None, goes_to=goes_to, now=at.now()
        )
    answer = staff_page(request, "people/going.html", me=me, address=visit.address, name=provider.name)
    answer.set_cookie(
        VISIT_COOKIE,
        browser,
        max_age=int(provider_visits.LASTS.total_seconds()),
        secure=True,
        httponly=True,
        samesite="lax",  # the way back is a link from another site
    )
    return answer


def _taken(request: Request, at: House, state: str) -> Remembered:
    if not _as_sent(state):
        raise ProofRefused("This sign-in was begun elsewhere, or too long ago. Please begin again.")
    with at.db.work() as session:
        browser = request.cookies.get(VISIT_COOKIE, "")
        return provider_visits.take(session, state=state, browser=browser, now=at.now())


def _signed_in(
    request: Request, at: House, provider: IdentityProvider, visit: Remembered, proof: Proof
) -> Response:
    """A session, or half of one: without the provider's own second factor ours is asked for."""
    if visit.staff_id is not None:
        return _confirmed(request, at, visit, proof)
    enough = provider.counts_as_second_factor(proof)
    with at.db.work() as session:
        staff_id = provider_visits.who_is(session, proof=proof, now=at.now())
        if enough:
            token = sessions.begin(
                session,
                staff_id=staff_id,
                ways=["oidc"],
                browser=browser_of(request),
                proved_at=None,
                now=at.now(),
            )
        elif factors.of(session, staff_id):
            token = half_way.begin(
                session, purpose=Purpose.SECOND_FACTOR, staff_id=staff_id, provider=True, now=at.now()
            )
        else:
            token = ""
    if enough:
        return welcome(request, at, token)
    if not token:
        return go("/enrol", "enrol_first")
    answer = go("/sign-in")
    keep_half_way(answer, token)
    return answer


def _confirmed(request: Request, at: House, visit: Remembered, proof: Proof) -> Response:
    """The session goes on under a new token, proved just now, if what was used there resists phishing."""
    token = staff_token(request) or ""
    with at.db.work() as session:
        by = sessions.staff_of(session, token=token, now=at.now())
        if by is None or by.id != visit.staff_id:
            raise NotKnownHere("Please sign in again, then repeat it.")
        provider_visits.check_same(session, staff_id=by.id, proof=proof, now=at.now())
        if proof.acr not in PHISHING_RESISTANT:
            return go("/step-up", "not_resistant")
        fresh = sessions.mark_proved(session, token=token, by=by, now=at.now())
    answer = go(visit.goes_to)
    keep_session(answer, fresh)
    return answer


def _provider(at: House) -> IdentityProvider:
    if at.provider is None:
        raise NotFound("There is nothing at this address.")
    return at.provider


def _back(at: House) -> str:
    return at.settings.own_url.rstrip("/") + BACK


def _as_sent(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and is_safe(text)
