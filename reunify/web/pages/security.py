"""Your sign-in: sessions, passkeys, the app for codes, the password. Each person changes only their own."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.identity import adding, factors, passkeys, passwords, policy, sessions, totp
from reunify.identity.policy import PasskeyRefused, WeakPassword, WrongCode, WrongPassword
from reunify.kernel.people import Staff
from reunify.kernel.text import SafeText
from reunify.web.audience import AnyStaff, AtHouse, SteppedUpStaff, staff_token
from reunify.web.doors import Password, credential, json_text, site, words_of
from reunify.web.pages.view import go, organisation_now, staff_page

router = APIRouter(include_in_schema=False)
HOME = "/security"
NAME_LONGEST = 60


@router.get("/security")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    return _page(request, by, at)


@router.post("/security/sessions/end")
def end_session(by: AnyStaff, at: AtHouse, session_id: Annotated[UUID, Form(alias="session")]) -> Response:
    with at.db.work() as session:
        sessions.end_one(session, session_id=session_id, by=by, now=at.now())
    return go(HOME, "session_ended")


@router.post("/security/sessions/end-others")
def end_others(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    with at.db.work() as session:
        sessions.end_all(session, staff_id=by.id, by=by, now=at.now(), but=staff_token(request) or "")
    return go(HOME, "others_ended")


@router.post("/security/password")
def change_password(
    request: Request,
    by: AnyStaff,
    at: AtHouse,
    old: Annotated[Password, Form()],
    new: Annotated[Password, Form()],
) -> Response:
    """Needs the one in use; every other session ends (ASVS 7.4.3, 7.5.1)."""
    try:
        with at.db.work() as session:
            done = passwords.change(
                session,
                old=old,
                new=new,
                staff_id=by.id,
                token=staff_token(request) or "",
                about=words_of(session, at),
                breached=at.settings.breached_passwords,
                by=by,
                now=at.now(),
            )
        if not done:
            raise WrongPassword("That is not the password you have now.", field="/old")
    except (WeakPassword, WrongPassword) as refused:
        return _page(request, by, at, wrong=str(refused), status=422)
    return go(HOME, "password_changed")


@router.post("/security/passkeys/options")
def passkey_options(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """What a new passkey is made from, as JSON for the browser."""
    token = staff_token(request) or ""
    with at.db.work() as session:
        adding.check_may_add(session, token=token, by=by, now=at.now())
        options = passkeys.ask_new(session, token=token, site=site(at), staff_id=by.id, now=at.now())
    return json_text(options)


@router.post("/security/passkeys")
def add_passkey(
    request: Request,
    by: AnyStaff,
    at: AtHouse,
    answer: Annotated[str, Form(alias="credential")],
    name: Annotated[SafeText, Form()],
) -> Response:
    token, proved = staff_token(request) or "", policy.is_fresh(by.proved_at, now=at.now())
    with at.db.work() as session:
        adding.check_may_add(session, token=token, by=by, now=at.now())
        made = passkeys.add(
            session,
            token=token,
            site=site(at),
            answer=credential(answer),
            name=name[:NAME_LONGEST],
            proved=proved,
            staff_id=by.id,
            by=by,
            now=at.now(),
        )
    if made is None:
        wrong = PasskeyRefused("That passkey could not be added. Please try again.")
        return _page(request, by, at, wrong=str(wrong), status=422)
    return go(HOME, "passkey_added" if proved else "passkey_added_waits")


@router.post("/security/passkeys/rename")
def rename_passkey(
    by: AnyStaff,
    at: AtHouse,
    passkey: Annotated[UUID, Form()],
    name: Annotated[SafeText, Form()],
) -> Response:
    with at.db.work() as session:
        passkeys.rename(session, passkey_id=passkey, name=name[:NAME_LONGEST], by=by, now=at.now())
    return go(HOME, "passkey_renamed")


@router.post("/security/passkeys/remove")
def remove_passkey(
    request: Request, by: SteppedUpStaff, at: AtHouse, passkey: Annotated[UUID, Form()]
) -> Response:
    try:
        with at.db.work() as session:
            passkeys.remove(session, passkey_id=passkey, by=by, now=at.now())
    except policy.LastFactor as last:
        return _page(request, by, at, wrong=str(last), status=422)
    return go(HOME, "passkey_removed")


@router.post("/security/app")
def begin_app(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """A secret for an app; it counts once its first code has been typed."""
    with at.db.work() as session:
        adding.check_may_add(session, token=staff_token(request) or "", by=by, now=at.now())
        totp.begin_set_up(session, staff_id=by.id, now=at.now())
    return go(f"{HOME}#app")


@router.post("/security/app/confirm")
def confirm_app(request: Request, by: AnyStaff, at: AtHouse, code: Annotated[SafeText, Form()]) -> Response:
    token = staff_token(request) or ""
    with at.db.work() as session:
        adding.check_may_add(session, token=token, by=by, now=at.now())
        done = totp.confirm(session, staff_id=by.id, code=code, by=by, now=at.now())
    if not done:
        wrong = WrongCode("These are not the six digits shown now. Check the phone's clock.")
        return _page(request, by, at, wrong=str(wrong), status=422)
    return go(HOME, "app_added")


@router.post("/security/app/remove")
def remove_app(request: Request, by: SteppedUpStaff, at: AtHouse) -> Response:
    try:
        with at.db.work() as session:
            totp.remove(session, by=by, now=at.now())
    except policy.LastFactor as last:
        return _page(request, by, at, wrong=str(last), status=422)
    return go(HOME, "app_removed")


def _page(request: Request, by: Staff, at: House, *, wrong: str = "", status: int = 200) -> Response:
    token = staff_token(request) or ""
    with at.db.read() as session:
        secret = totp.pending(session, staff_id=by.id)
        context = {
            "sessions": sessions.open_sessions(session, staff_id=by.id, token=token, now=at.now()),
            "passkeys": passkeys.held_by(session, by.id),
            "trusted_later": adding.trusted_later(session, staff_id=by.id, now=at.now()),
            "now": at.now(),
            "has": factors.of(session, by.id),
            "may_add": adding.may_add(session, token=token, by=by, now=at.now()),
            "secret": totp.in_groups(secret) if secret else None,
            "address": totp.address(session, staff_id=by.id, secret=secret) if secret else None,
        }
        org = organisation_now(session, at)
    return staff_page(request, "staff/security.html", me=by, org=org, status=status, wrong=wrong, **context)
