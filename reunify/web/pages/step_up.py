"""Prove a passkey before money goes out, people change or data leaves; nothing that was typed is lost.

A page asked for too early leads here and back. A form sent too early is answered with this page, which holds
what was typed as hidden fields; once the passkey is proved, the same form is sent again to the same address.
"""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.identity import actions as identity
from reunify.identity import adding, factors, passkeys, provider_visits, queries
from reunify.identity.passkeys import Use
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound
from reunify.web.audience import AnyStaff, AtHouse, house, staff_token
from reunify.web.doors import credential, json_text, keep_session, site
from reunify.web.pages.view import go, organisation_now, own_path, posted, staff_page

router = APIRouter(include_in_schema=False)
Carried = Annotated[str, Form()]
_AGAIN = "That passkey proves nothing here. Please try again."  # of somebody else, or too new


@router.get("/step-up")
def show(request: Request, by: AnyStaff, at: AtHouse, next: str = "/") -> Response:
    return _page(request, at, by, own_path(next) or "/", "")


@router.post("/step-up/options")
def options(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """What a passkey of this person is to sign, as JSON for the browser."""
    return json_text(_ask(request, by, at))


@router.post("/step-up")
def prove(
    request: Request,
    by: AnyStaff,
    at: AtHouse,
    answer: Annotated[str, Form(alias="credential")] = "",
    next: Annotated[str, Form()] = "/",
    carried: Carried = "",
) -> Response:
    return _prove(request, by, at, credential(answer), own_path(next) or "/", carried)


@router.post("/step-up/demo")
def prove_in_demo(
    request: Request, by: AnyStaff, at: AtHouse, next: Annotated[str, Form()] = "/", carried: Carried = ""
) -> Response:
    """The sandbox's software passkey signs for a browser that has none. Not there outside the sandbox."""
    if at.demo_authenticator is None:
        raise NotFound("There is nothing at this address.")
    with at.db.read() as session:
        username = queries.username(session, by.id)
    signed = at.demo_authenticator.sign(
        username=username, options=_ask(request, by, at), origin=site(at).origin
    )
    return _prove(request, by, at, signed or {}, own_path(next) or "/", carried)


async def ask_to_step_up(request: Request) -> Response:
    """The answer to whatever needs a passkey that was not proved within five minutes."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method == "GET":
        return go(f"/step-up?next={quote(own_path(path) or '/', safe='')}")
    carried = _carry(await posted(request))
    at, by = house(request), request.state.me
    return await run_in_threadpool(_page, request, at, by, own_path(path) or "/", carried, status=401)


def _carry(form: FormData) -> str:
    """The fields in their order; a file cannot be carried and is chosen again."""
    return json.dumps([(name, value) for name, value in form.multi_items() if isinstance(value, str)])


def _carried(text: str) -> list[tuple[str, str]]:
    try:
        read = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return []
    pairs = read if isinstance(read, list) else []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
    ]


def _ask(request: Request, by: Staff, at: House) -> str:
    with at.db.work() as session:
        return passkeys.ask(
            session,
            token=staff_token(request) or "",
            use=Use.STEP_UP,
            site=site(at),
            staff_id=by.id,
            now=at.now(),
        )


def _prove(
    request: Request, by: Staff, at: House, answer: dict[str, object], next_: str, carried: str
) -> Response:
    with at.db.work() as session:
        fresh = identity.step_up(
            session, token=staff_token(request) or "", site=site(at), answer=answer, by=by, now=at.now()
        )
    if fresh is None:
        return _page(request, at, by, next_, carried, wrong=_AGAIN, status=422)
    if carried:
        on: Response = staff_page(
            request, "staff/step_up_done.html", me=by, next=next_, fields=_carried(carried)
        )
    else:
        on = go(next_)
    keep_session(on, fresh)
    return on


def _page(
    request: Request, at: House, by: Staff, next_: str, carried: str, *, wrong: str = "", status: int = 200
) -> Response:
    with at.db.read() as session:
        has = factors.of(session, by.id)
        later = adding.trusted_later(session, staff_id=by.id, now=at.now())
        bound = provider_visits.is_bound(session, by.id)
        org = organisation_now(session, at)
    return staff_page(
        request,
        "staff/step_up.html",
        me=by,
        org=org,
        status=status,
        has=has,
        trusted_later=later,
        bound=bound,
        next=next_,
        carried=carried,
        demo=at.demo_authenticator is not None,
        wrong=wrong,
    )
