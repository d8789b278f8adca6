"""One application for everybody in a house, and the same one for the next house.

FastAPI prepares a route when it is first asked for: with all of ours that is 0.2 s of processor time for each
application made, more than most tests need. What an application knows of its house is `app.state.house`; the
names it answers to are fixed when it is made.
"""

from __future__ import annotations

from fastapi import FastAPI

from reunify.bootstrap import House
from reunify.web.app import create, own_hosts

_Answers = tuple[frozenset[str], bool]
_MOST = 12  # of houses that never said they were closed

_in_use: list[tuple[House, _Answers, FastAPI]] = []
_free: dict[_Answers, list[FastAPI]] = {}


def app_of(house: House) -> FastAPI:
    """The application of this very house, made or taken over at the first call."""
    for known, _, app in _in_use:
        if known is house:
            return app
    answers = (frozenset(own_hosts(house.settings)), house.settings.sandbox)
    waiting = _free.get(answers)
    app = waiting.pop() if waiting else create(house)
    app.state.house = house
    _in_use.append((house, answers, app))
    del _in_use[:-_MOST]
    return app


def closed(house: House) -> None:
    """Nobody calls at this house any more."""
    for at, (known, answers, app) in enumerate(_in_use):
        if known is house:
            del _in_use[at]
            _free.setdefault(answers, []).append(app)
            return
