"""The application: `uvicorn reunify.web.app:create --factory`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from reunify import logs
from reunify.bootstrap import House, build
from reunify.settings import Settings
from reunify.web import errors
from reunify.web.api import router as api
from reunify.web.limits import Programs
from reunify.web.pages import router as pages
from reunify.web.pages import show_error
from reunify.web.pages.step_up import ask_to_step_up
from reunify.web.shield import API, LOOPBACK, Shield
from reunify.web.template_acts import keep_shipped
from reunify.web.webhooks import router as webhooks

HERE = Path(__file__).parent


def create(house: House | None = None) -> FastAPI:
    """Without a house, one is built from the environment, and this process's log is set up."""
    if house is None:
        logs.configure()
        house = build()
        keep_shipped(house)
    app = FastAPI(
        title="Reunify",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        redirect_slashes=False,  # it would answer with an address made of what the caller sent
    )
    app.state.house = house
    app.state.error_page = show_error
    app.state.step_up_page = ask_to_step_up
    errors.install(app)
    app.include_router(api, prefix=API, dependencies=[Depends(Programs())])
    app.include_router(webhooks)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(
        Shield,
        at_fault=errors.unexpected,
        hosts=own_hosts(house.settings),
        loopback_only=house.settings.sandbox,
    )
    return app


def own_hosts(settings: Settings) -> set[str]:
    """The names this house answers to: its public one; in the sandbox also this machine's."""
    name = urlsplit(settings.own_url).hostname
    hosts = {name} if name else set()
    return hosts | LOOPBACK if settings.sandbox or name in LOOPBACK else hosts
