"""How a page is made: Jinja with escaping on and undefined names refused, and the words staff read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.documents import words as spoken
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.rates.policy import Organisation
from reunify.rates.queries import organisation
from reunify.web.pages import labels

TEMPLATES = Path(__file__).parents[1] / "templates"
MOST_FIELDS = 6000


async def posted(request: Request) -> FormData:
    """Every field of the posted form; a request has up to a few thousand."""
    return await request.form(max_fields=MOST_FIELDS)


PostedForm = Annotated[FormData, Depends(posted)]


def text_of(form: FormData, name: str) -> str:
    """The field as text, without surrounding space; empty if absent."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def amount(value: int | Money, unit: str = "cents") -> str:
    """Cents as dollars; anything else as counted units: `2 nights`."""
    if isinstance(value, Money):
        return str(value)
    if unit in ("cents", "usd"):
        return str(Money(value))
    return f"{value} {unit}{'' if value == 1 else 's'}"


@pass_context
def when(context: Context, moment: datetime) -> str:
    """`Nov 25, 2026, 9:00 a.m. EST`, on the organisation's clock."""
    local = moment.astimezone(context.get("zone") or UTC)
    return f"{local:%b} {local.day}, {local.year}, {spoken.clock(local, 'en')} {local.tzname()}"


def day(value: date) -> str:
    return spoken.day(value, "en")


def local_time(moment: datetime) -> str:
    """A leg's own wall clock: `Thu, Nov 26, 6:05 a.m.`"""
    return f"{moment:%a}, {moment:%b} {moment.day}, {spoken.clock(moment, 'en')}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        amount=amount, when=when, day=day, local_time=local_time, label=labels.label, tone=labels.tone
    )
    return made


_ENVIRONMENT = _environment()


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The rendered page. Names a template uses and the route forgot fail loudly, in tests."""
    body = _ENVIRONMENT.get_template(template).render(path=request.url.path, **context)
    return HTMLResponse(body, status_code=status)


def staff_page(
    request: Request,
    template: str,
    *,
    me: Staff | None,
    org: Organisation | None = None,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """A page with the staff's own bar: what this person may open."""
    zone: tzinfo = org.zone if org else UTC
    said = SAID.get(request.query_params.get("said", ""), "")
    return page(
        request, template, status=status, me=me, nav=_nav(me), org=org, zone=zone, said=said, **context
    )


# What was just done, by the code a redirect carries: the address never carries free text.
SAID = {
    "saved": "The draft is saved.",
    "submitted": "The request is submitted. It is being checked now.",
    "answered": "The answers are kept. The request is being checked again.",
    "decided": "Your decision is kept. The request is being checked again.",
    "approved": "You approved this award. Someone else releases it.",
    "released": "The award is released. Payments and letters follow by themselves.",
    "declined": "You declined this award. What was set aside is free again.",
    "confirmed": "You confirmed the refusal. The letter is being written.",
    "recorded": "The payment is written down. A colleague checks it against the paper.",
    "verified": "The payment is verified and settled.",
    "sent_again": "The payment is sent again.",
    "other_way": "The payment waits to be made another way and written down.",
    "withdrawn": "The payment is withdrawn. What was set aside for it is free again.",
    "unsent": "Your word is kept: that attempt paid nothing. Decide now how it is paid.",
    "struck": "The entry is struck. Write the payment down anew.",
    "resolved": "The difference is explained, and your words are kept.",
    "signed_out": "You are signed out.",
}


def go(path: str, said: str | None = None) -> RedirectResponse:
    """After a change: the next page, by GET."""
    address, _, fragment = path.partition("#")
    if said:
        address += ("&" if "?" in address else "?") + f"said={said}"
    return RedirectResponse(address + (f"#{fragment}" if fragment else ""), status_code=303)


def organisation_now(session: Session, at: House) -> Organisation | None:
    """None while the organisation is not set up: pages open all the same."""
    try:
        return organisation(session, on=at.now().date())
    except Refused:
        return None


def holds(me: Staff, *roles: Role) -> bool:
    return bool(me.roles.intersection(roles))


def may_read_names(me: Staff) -> bool:
    """Auditors see the same pages without names (2 CFR 200.337(b))."""
    return holds(me, Role.CASE_MANAGER, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)


def _nav(me: Staff | None) -> list[tuple[str, str]]:
    if me is None:
        return []
    links: list[tuple[str, str, Iterable[Role]]] = [
        ("/", "Work list", Role),
        ("/requests/new", "New request", [Role.CASE_MANAGER]),
        ("/finance", "Finance", [Role.FINANCE_APPROVER, Role.FINANCE_RELEASER]),
        ("/funds", "Funds", Role),
    ]
    return [(path, name) for path, name, roles in links if holds(me, *roles)]
