"""How a page is made: Jinja with escaping on and undefined names refused, and the words staff read."""

from __future__ import annotations

import re
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
from reunify.identity.policy import CONFIRMS_RECOVERY
from reunify.kernel.may import FINANCE
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.rates.policy import Organisation
from reunify.rates.queries import organisation
from reunify.web.pages import labels
from reunify.web.pages.notices import notices
from reunify.web.pages.said import SAID

TEMPLATES = Path(__file__).parents[1] / "templates"
MOST_FIELDS = 6000
# Each part begins after its slash, so that no text can be read in more than one way (and slowly).
_PART = "[A-Za-z0-9_~-][A-Za-z0-9_.~-]*"
_OWN_PATH = re.compile(rf"/(?:{_PART}(?:/{_PART})*/?)?(?:\?[A-Za-z0-9_.~%=&+-]*)?(?:#[A-Za-z0-9_.-]*)?")


async def posted(request: Request) -> FormData:
    """Every field of the posted form; a request has up to a few thousand."""
    return await request.form(max_fields=MOST_FIELDS)


PostedForm = Annotated[FormData, Depends(posted)]


class FieldTwice(Refused):
    """One field of a form came with two values (ASVS 15.3.7)."""


def text_of(form: FormData, name: str) -> str:
    """The field as text, without surrounding space; empty if absent. Raises FieldTwice."""
    if len(form.getlist(name)) > 1:
        raise FieldTwice("A field came twice. Open the page again and send it once more.", field=f"/{name}")
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def amount(value: int | Money, unit: str = "cents") -> str:
    """Cents as dollars; anything else as counted units: `2 nights`, `2,000 miles`."""
    if isinstance(value, Money):
        return str(value)
    if unit in ("cents", "usd"):
        return str(Money(value))
    return f"{value:,} {unit}{'' if value == 1 else 's'}"


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
        request,
        template,
        status=status,
        me=me,
        nav=_nav(me),
        org=org,
        zone=zone,
        said=said,
        notices=notices(request, me),
        provider=_provider_name(request),
        **context,
    )


def _provider_name(request: Request) -> str:
    """What the organisation's own sign-in is called; empty without one."""
    at: House = request.app.state.house
    return at.provider.name if at.provider else ""


def go(path: str, said: str | None = None) -> RedirectResponse:
    """After a change: the next page, by GET."""
    address, _, fragment = path.partition("#")
    if said:
        address += ("&" if "?" in address else "?") + f"said={said}"
    return RedirectResponse(address + (f"#{fragment}" if fragment else ""), status_code=303)


def own_path(text: str | None) -> str | None:
    """The text if it is the address of a page of ours, else None: nobody is sent on to another site.

    Browsers read `//x`, `/\\x` and control characters as the start of another site's address, and some
    servers unpack `%2f` first; none of our own addresses holds any of them.
    """
    return text if text and _OWN_PATH.fullmatch(text) else None


def organisation_now(session: Session, at: House) -> Organisation | None:
    """None while the organisation is not set up: pages open all the same."""
    try:
        return organisation(session, on=at.now().date())
    except Refused:
        return None


def today(org: Organisation | None, at: House) -> date:
    """On the organisation's clock; the world's while it is not set up."""
    return at.now().astimezone(org.zone if org else UTC).date()


def holds(me: Staff, *roles: Role) -> bool:
    return bool(me.roles.intersection(roles))


def _nav(me: Staff | None) -> list[tuple[str, str]]:
    if me is None:
        return []
    links: list[tuple[str, str, Iterable[Role]]] = [
        ("/", "Work list", Role),
        ("/requests/new", "New request", [Role.CASE_MANAGER]),
        ("/bookings", "To book", [Role.CASE_MANAGER, Role.SUPERVISOR]),
        ("/finance", "Finance", [Role.FINANCE_APPROVER, Role.FINANCE_RELEASER]),
        ("/statements", "Vendors' bills", FINANCE),
        ("/cash", "Cash", [*FINANCE, Role.AUDITOR]),
        ("/transfers", "Transfers", [*FINANCE, Role.AUDITOR]),
        ("/envelopes", "Envelopes", [*FINANCE, Role.AUDITOR]),
        ("/funds", "Funds", Role),
        ("/rules", "Rules", Role),
        ("/templates", "Letters", Role),
        ("/roster", "On call", Role),
        ("/referrals", "Others who help", Role),
        ("/words", "Words", Role),
        ("/people", "People", [Role.ADMINISTRATOR, Role.SUPERVISOR]),
        ("/tokens", "Tokens", [Role.ADMINISTRATOR]),
        ("/recovery", "Recovery", CONFIRMS_RECOVERY),
        ("/retention", "Retention", [Role.ADMINISTRATOR, Role.SUPERVISOR]),
        ("/set-aside", "Set aside", [Role.ADMINISTRATOR, Role.SUPERVISOR]),
        ("/disclosures", "True names", [Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR]),
    ]
    return [(path, name) for path, name, roles in links if holds(me, *roles)]
