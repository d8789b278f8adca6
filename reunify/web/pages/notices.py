"""What stands above a page until somebody has done something about it."""

from __future__ import annotations

from datetime import tzinfo

from fastapi import Request

from reunify.bootstrap import House
from reunify.documents.words import clock
from reunify.identity import on_call, staff_changes
from reunify.identity.enrolment import operator_codes
from reunify.identity.on_call import Hole
from reunify.identity.roster import PLANS
from reunify.kernel.people import Role, Staff
from reunify.rates.policy import OrganisationNotSetUp
from reunify.rates.queries import organisation
from reunify.web.pages.labels import label


def notices(request: Request, me: Staff | None) -> list[str]:
    """To every administrator, for a week: an operator made a way in. To administrators and supervisors: what
    waits for a second person. On the work list, to who plans the roster: nights without a name.
    """
    if me is None or not me.roles.intersection(PLANS):
        return []
    at: House = request.app.state.house
    said = _open_nights(at) if request.url.path == "/" else []
    said += _changes(at, me)
    if Role.ADMINISTRATOR in me.roles:
        with at.db.read() as session:
            made = operator_codes(session, now=at.now())
        said += [
            f"On {moment:%b} {moment.day} somebody at the server made a one-time code for {name}. "
            "If none of you asked for it, call each other now."
            for name, moment in made
        ]
    return said


def _changes(at: House, me: Staff) -> list[str]:
    with at.db.read() as session:
        count = staff_changes.waiting_for(session, me)
    if not count:
        return []
    said = "1 change of a colleague's account waits" if count == 1 else f"{count} changes of accounts wait"
    return [f"{said} for a second person. See People."]


def _open_nights(at: House) -> list[str]:
    with at.db.read() as session:
        try:
            zone = organisation(session, on=at.now().date()).zone
        except OrganisationNotSetUp:
            return []
        holes = on_call.holes(session, zone=zone, now=at.now())
    return [_said(holes, zone)] if holes else []


def _said(holes: list[Hole], zone: tzinfo) -> str:
    first = holes[0].span.starts_at.astimezone(zone)
    more = f", and {len(holes) - 1} more times within 14 days" if len(holes) > 1 else ""
    when = f"{first:%b} {first.day}, {clock(first, 'en')}"
    return f"Nobody is on call ({label(holes[0].duty)}) from {when}{more}: see On call."
