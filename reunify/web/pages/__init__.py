"""Server-rendered pages for staff and families: plain HTML, no script needed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.web.pages import (
    asked,
    awards,
    bookings,
    card_acts,
    cases,
    cash,
    closeout,
    closeout_acts,
    consents,
    disclosures,
    documents,
    enrol,
    envelopes,
    evidence,
    family,
    family_bank,
    family_consents,
    family_papers,
    finance,
    form,
    fund_duplicates,
    fund_forecast,
    funds,
    genuine,
    hand_offs,
    links,
    look_backs,
    oidc,
    outage,
    outcomes,
    payment_bank,
    payment_decisions,
    payment_proofs,
    payments,
    people,
    read_plan,
    recovery,
    request_acts,
    requests,
    retention,
    roster,
    rules,
    rules_drafts,
    rules_examples,
    rules_replays,
    rules_requirement,
    rules_tables,
    rules_versions,
    security,
    set_aside,
    sf425,
    sign_in,
    statements,
    step_up,
    suspense,
    telling,
    tokens,
    tonight,
)
from reunify.web.pages.view import go, staff_page

router = APIRouter()
# `form` before `requests`: /requests/new is not the request called "new". `sf425` before `funds`: what is
# posted to /funds/{code}/sf425 is a report, not something done to the source; /funds/forecast is no source.
PARTS = (
    sign_in,
    oidc,
    people,
    roster,
    tokens,
    enrol,
    step_up,
    security,
    recovery,
    form,
    tonight,
    requests,
    cases,
    outcomes,
    request_acts,
    hand_offs,
    asked,
    disclosures,
    cash,
    outage,
    finance,
    envelopes,
    awards,
    bookings,
    telling,
    payment_proofs,
    payments,
    payment_decisions,
    card_acts,
    payment_bank,
    statements,
    suspense,
    closeout,
    closeout_acts,
    sf425,
    fund_forecast,
    fund_duplicates,
    funds,
    documents,
    evidence,
    set_aside,
    retention,
    rules,
    rules_versions,
    rules_replays,
    rules_drafts,
    rules_requirement,
    rules_tables,
    rules_examples,
    links,
    read_plan,
    look_backs,
    consents,
    family,
    family_bank,
    family_consents,
    family_papers,
    genuine,
)
for part in PARTS:
    router.include_router(part.router)


def show_error(request: Request, status: int, title: str, detail: str) -> Response:
    """The page for whatever was refused: the family's door in kind words, the sign-in page, or the reason."""
    path = request.url.path
    if path in ("/family", "/go", "/genuine") or path.startswith(("/family/", "/f/", "/genuine/")):
        return family.trouble(request, status)
    if status == 401:
        if request.method == "GET":
            return go("/sign-in")
        return sign_in.sign_in_page(request, wrong="Please sign in again, then repeat it.", status=401)
    return staff_page(request, "staff/error.html", me=None, status=status, heading=title, detail=detail)
