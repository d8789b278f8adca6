"""The pages people see, and their buttons: settle, fail, return, top up; the hosted form; a card."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from html import escape
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from reunify.sandbox.stripe_simulator import page
from reunify.sandbox.stripe_simulator.bank import Bank
from reunify.sandbox.stripe_simulator.issuing import Issuing
from reunify.sandbox.stripe_simulator.problems import Problem
from reunify.sandbox.stripe_simulator.store import Store, Thing

Dollars = Annotated[str, Form(pattern=r"^[0-9]{1,6}\.[0-9]{2}$")]
Token = Annotated[str, Form()]


def router(bank: Bank, issuing: Issuing) -> APIRouter:
    routes = APIRouter()
    token = _token(bank.store)
    _add_overview(routes, bank, issuing, token)
    _add_buttons(routes, bank, issuing, token)
    _add_hosted(routes, bank)
    _add_card(routes, issuing)
    return routes


def _token(store: Store) -> str:
    """Made once and kept: a page open over a restart still works."""
    kept = store.get("settings", "token")
    if kept is None:
        kept = {"id": "token", "token": secrets.token_urlsafe(24)}
        store.put("settings", kept)
    return str(kept["token"])


def _said(title: str, sentence: str, status: int) -> HTMLResponse:
    return HTMLResponse(page.said(title, sentence), status, headers=page.SECURITY)


def _add_overview(routes: APIRouter, bank: Bank, issuing: Issuing, token: str) -> None:
    store = bank.store

    @routes.get("/")
    def overview() -> HTMLResponse:
        names = {a["id"]: a["display_name"] for a in store.all("account")}
        html = page.overview(
            bank.financial_account(),
            store.all("payment"),
            names,
            store.undelivered(),
            cards=[(card, issuing.used(card["id"])) for card in store.all("card")],
            card_cents=issuing.available(),
            token=token,
        )
        return HTMLResponse(html, headers=page.SECURITY)


def _add_buttons(routes: APIRouter, bank: Bank, issuing: Issuing, token: str) -> None:
    acts: dict[str, Callable[[str], Thing]] = {
        "settle": bank.settle,
        "fail": bank.fail,
        "return": bank.give_back,
    }

    def pressed(request: Request, said: str, work: Callable[[], object]) -> Response:
        """A page elsewhere knows neither the token nor our own origin."""
        origin = request.headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
        if foreign or not secrets.compare_digest(said.encode(), token.encode()):
            return _said("Not done", "Press the button on the simulator's own page.", 403)
        try:
            work()
        except Problem as problem:
            return _said("Not done", str(problem), problem.status)
        return RedirectResponse("/", 303)

    @routes.post("/_page/payments/{id_}/{act}")
    def act_on(request: Request, id_: str, act: str, token: Token) -> Response:
        work = acts.get(act)
        if work is None:
            return _said("No such page", "Go back and choose again.", 404)
        return pressed(request, token, lambda: work(id_))

    @routes.post("/_page/topups/{account}")
    def top_up(request: Request, account: str, token: Token, dollars: Dollars) -> Response:
        if account not in ("card", "payout"):
            return _said("No such page", "Go back and choose again.", 404)
        cents = int(dollars.replace(".", ""))
        return pressed(request, token, lambda: (issuing if account == "card" else bank).top_up(cents))


def _add_hosted(routes: APIRouter, bank: Bank) -> None:
    store = bank.store

    @routes.get("/hosted/bank_details/{link}")
    def bank_form(link: str) -> HTMLResponse:
        found = store.get("link", link)
        if found is None:
            return _said("No such page", "Ask for a new link.", 404)
        return HTMLResponse(page.bank_details(link), headers=page.leading_to(_back_of(found)))

    @routes.post("/hosted/bank_details/{link}")
    def bank_saved(link: str) -> Response:
        found = store.get("link", link)
        if found is None:
            return _said("No such page", "Ask for a new link.", 404)
        bank.collect_bank_details(found["account"])
        back = _back_of(found)
        if back:
            return RedirectResponse(back, 303, headers={"Referrer-Policy": "no-referrer"})
        return _said("Saved", "You may close this page.", 200)


def _back_of(link: Thing) -> str | None:
    use_case = link["use_case"]
    back: str | None = use_case[use_case["type"]].get("return_url")
    return back


def _add_card(routes: APIRouter, issuing: Issuing) -> None:
    @routes.get("/issuing/cards/{id_}")
    def card(id_: str) -> HTMLResponse:
        """The stand-in for the page at Stripe where the desk reads the number."""
        found = issuing.store.get("card", id_)
        if found is None:
            return _said("No such page", "No such card.", 404)
        return HTMLResponse(page.card(found, issuing.used(id_)), headers=page.SECURITY)

    @routes.post("/issuing/cards/{id_}")
    def pay_by_hand(id_: str, dollars: Dollars, category: Annotated[str, Form()]) -> Response:
        """The desk buys at an invented merchant."""
        try:
            done = issuing.pay(id_, int(dollars.replace(".", "")), category, capture=True)
        except Problem as problem:
            return _said("Not done", escape(str(problem)), problem.status)
        if not done["approved"]:
            return _said("Declined", "The card may not buy this, or not so much.", 200)
        return RedirectResponse(f"/issuing/cards/{id_}", 303)
