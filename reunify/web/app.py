"""The application: `uvicorn reunify.web.app:create --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from reunify.bootstrap import House, build
from reunify.web import errors
from reunify.web.api import router as api
from reunify.web.pages import router as pages
from reunify.web.pages import show_error
from reunify.web.shield import Shield
from reunify.web.webhooks import router as webhooks

HERE = Path(__file__).parent


def create(house: House | None = None) -> FastAPI:
    """Without a house, one is built from the environment."""
    app = FastAPI(
        title="Reunify", version="1", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json"
    )
    app.state.house = house or build()
    app.state.error_page = show_error
    errors.install(app)
    app.include_router(api, prefix="/api/v1")
    app.include_router(webhooks)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(Shield, at_fault=errors.unexpected)
    return app
