"""One application of the Stripe simulator after the other's use: its routes are prepared once in a run.

What a route knows is the simulator it was made with. Here it is made with a stand-in that passes everything
on to the simulator which is served at the moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fastapi import FastAPI

from reunify.sandbox.stripe_simulator import serving
from reunify.sandbox.stripe_simulator.app import Simulator, make_app


class _Now:
    """Whatever `find` finds at the moment it is asked. While an application is made its parts are alike."""

    making = False

    def __init__(self, find: Callable[[], Any]) -> None:
        self.__dict__["_find"] = find

    def __getattr__(self, name: str) -> Any:
        return _Now(lambda: getattr(self._find(), name)) if _Now.making else getattr(self._find(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._find(), name, value)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._find()(*given, **named)


class _Application:
    def __init__(self, simulator: Simulator) -> None:
        self.served = simulator
        _Now.making = True
        self.app = make_app(cast(Simulator, _Now(lambda: self.served)))
        _Now.making = False

    @property
    def is_free(self) -> bool:
        """Its simulator was stopped: both of its threads came to an end."""
        threads = self.served._threads
        return bool(threads) and not any(thread.is_alive() for thread in threads)


_made: list[_Application] = []


def _app_of(simulator: Simulator) -> FastAPI:
    """Taken over from a simulator that was stopped, or made anew."""
    one = next((one for one in _made if one.is_free), None)
    if one is None:
        one = _Application(simulator)
        _made.append(one)
    one.served = simulator
    return one.app


def share_applications() -> None:
    """From here on, for every simulator that this process serves."""
    serving.make_app = _app_of
