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
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.rates.policy import Organisation
from reunify.rates.queries import organisation
from reunify.web.pages import labels
from reunify.web.pages.notices import notices

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


# What was just done, by the code a redirect carries: the address never carries free text.
SAID = {
    "saved": "The draft is saved.",
    "submitted": "The request is submitted. It is being checked now.",
    "answered": "The answers are kept. The request is being checked again.",
    "checked_again": "The request is being checked again.",
    "decided": "Your decision is kept. The request is being checked again.",
    "approved": "You approved this award. Someone else releases it.",
    "released": "The award is released. Payments and letters follow by themselves.",
    "declined": "You declined this award. What was set aside is free again.",
    "handed_over": "The case is your colleague's now.",
    "opened": "The case is open to you for 12 hours. Its supervisor is told.",
    "looked_at": "You have looked at it; it leaves your list.",
    "told": "Kept: the family has been told.",
    "looked_back": "It is being checked again by the new rules.",
    "look_back_not_needed": "Your reason is kept; it leaves the list.",
    "disclosure_proposed": "The order is written down. A supervisor confirms it.",
    "disclosure_confirmed": "Confirmed. The case managers are asked to tell each family.",
    "disclosure_ended": "Ended. The reader sees masked copies again.",
    "held": "It is held. Nothing of this family is erased while the hold stands.",
    "lift_asked": "Kept. A colleague in the other role lifts the hold; until then it stands.",
    "lifted": "The hold is lifted.",
    "planned": "The plan is made. Nothing is erased; another person approves it.",
    "plan_taken_on": "You took the plan on. Another supervisor or administrator now approves it.",
    "plan_approved": "You approved the plan. The operator runs it.",
    "plan_discarded": "The plan is discarded. Nothing more of it is erased.",
    "period_set": "From now on it is kept so long.",
    "report_written": "The final report is written down.",
    "confirmed": "You confirmed the refusal. The letter is being written.",
    "recorded": "The payment is written down. A colleague checks it against the paper.",
    "verified": "The payment is verified and settled.",
    "sent_again": "The payment is sent again.",
    "other_way": "The payment waits to be made another way and written down.",
    "withdrawn": "The payment is withdrawn. What was set aside for it is free again.",
    "unsent": "Your word is kept: that attempt paid nothing. Decide now how it is paid.",
    "struck": "The entry is struck. Write the payment down anew.",
    "resolved": "The difference is explained, and your words are kept.",
    "papers_kept": "The papers are kept.",
    "hand_over_asked": "Asked. An administrator agrees within a day, or it lapses.",
    "hand_over_agreed": "Agreed. The file is written at the server, with the officer present.",
    "set_aside": "It is set aside. Nobody opens it any more. Tell your supervisor by telephone now.",
    "paper_removed": "The paper is destroyed. The note that it was here stays.",
    "vouched": "Your word is kept. A colleague confirms it on this page within the hour.",
    "link_closed": "The link is closed.",
    "consent_asked": "The question is kept: it can be answered on paper, or on the family's own page.",
    "consent_kept": "The signature is kept.",
    "consent_back": "Kept. From now on nothing more is told.",
    "signed_out": "You are signed out.",
    "not_resistant": "You signed in there, but not with a passkey or key. Please use your passkey here.",
    "change_waits": "Kept. It takes effect when a second administrator or a supervisor confirms it here.",
    "change_confirmed": "Confirmed. It counts from now on.",
    "change_withdrawn": "Withdrawn. Nothing of it takes effect.",
    "person_changed": "The change counts from their very next click.",
    "person_disabled": "They are signed out everywhere, and cannot sign in.",
    "person_enabled": "They can sign in again.",
    "lent": "The role is lent. You both count as one person wherever two are needed.",
    "loan_ended": "The loan has ended.",
    "shift_added": "The shift is on the roster.",
    "shift_assigned": "The shift has its people.",
    "shift_withdrawn": "The shift is off the roster.",
    "offered": "Your colleague is asked. You stay on call until they accept.",
    "taken_over": "You are on call now.",
    "offer_declined": "You declined. Your colleague stays on call.",
    "offer_taken_back": "Taken back. You stay on call.",
    "token_revoked": "The token is dead from now on.",
    "enrol_first": "Your password is right, and there is no second factor yet. Ask for a one-time code.",
    "session_ended": "The session is ended.",
    "others_ended": "Every other session of yours is ended.",
    "password_changed": "Your password is changed. Your other sessions are ended.",
    "passkey_added": "The passkey is added.",
    "passkey_added_waits": "The passkey is added and signs you in. It confirms acts of weight in 24 hours.",
    "passkey_renamed": "The passkey has its new name.",
    "passkey_removed": "The passkey is removed.",
    "app_added": "The app is set up.",
    "app_removed": "The app is removed.",
    "draft_begun": "The draft is begun. Nothing changes until a version of it is approved.",
    "draft_saved": "The draft is saved.",
    "draft_abandoned": "The draft is given up. Its text stays on file.",
    "table_uploaded": "The table is taken over from the file.",
    "version_submitted": "It is handed in. Another rules author approves it.",
    "version_approved": "Approved. It answers from its day on.",
    "version_taken_on": "That is the first yes. Another rules author says the second.",
    "version_sent_back": "Sent back. Its draft can be worked on again.",
    "version_retired": "It is retired. Trips already decided keep their answers.",
    "retirement_asked": "Kept. It is retired when another rules author confirms it.",
    "replay_asked": "Asked for. The replay runs by itself; its report is linked here.",
    "suspension_asked": "Kept. The source goes on answering until a colleague confirms.",
    "suspension_confirmed": "Suspended. From now on this source asks staff.",
    "resumption_asked": "Kept. The source asks staff until a colleague confirms.",
    "resumption_confirmed": "The rules of this source answer again.",
}


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


def holds(me: Staff, *roles: Role) -> bool:
    return bool(me.roles.intersection(roles))


def _nav(me: Staff | None) -> list[tuple[str, str]]:
    if me is None:
        return []
    links: list[tuple[str, str, Iterable[Role]]] = [
        ("/", "Work list", Role),
        ("/requests/new", "New request", [Role.CASE_MANAGER]),
        ("/finance", "Finance", [Role.FINANCE_APPROVER, Role.FINANCE_RELEASER]),
        ("/funds", "Funds", Role),
        ("/rules", "Rules", Role),
        ("/roster", "On call", Role),
        ("/people", "People", [Role.ADMINISTRATOR, Role.SUPERVISOR]),
        ("/tokens", "Tokens", [Role.ADMINISTRATOR]),
        ("/recovery", "Recovery", CONFIRMS_RECOVERY),
        ("/retention", "Retention", [Role.ADMINISTRATOR, Role.SUPERVISOR]),
        ("/set-aside", "Set aside", [Role.ADMINISTRATOR, Role.SUPERVISOR]),
        ("/disclosures", "True names", [Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR]),
    ]
    return [(path, name) for path, name, roles in links if holds(me, *roles)]
