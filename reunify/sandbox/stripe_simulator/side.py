"""What every part of the simulator does alike: find a thing or refuse, and tell what changed."""

from __future__ import annotations

from reunify.sandbox.stripe_simulator import shapes
from reunify.sandbox.stripe_simulator.clock import Clock
from reunify.sandbox.stripe_simulator.problems import Asked, missing
from reunify.sandbox.stripe_simulator.store import Store, Thing


class Side:
    """`delivers`: whether events have somewhere to go."""

    def __init__(self, store: Store, *, delivers: bool) -> None:
        self.store = store
        self.delivers = delivers

    @property
    def clock(self) -> Clock:
        return self.store.clock

    def found(self, kind: str, id_: str) -> Thing:
        thing = self.store.get(kind, id_)
        if thing is None:
            raise missing(kind, id_)
        return thing

    def _announce(self, kind: str, about: Thing | None, path: str, by: Asked | None) -> Thing:
        """A thin event, as API v2 sends them."""
        cause = by.cause if by else None
        event = shapes.event(kind, about=about, path=path, request=cause, at=self.clock.now())
        self.store.put("event", event)
        if self.delivers:
            self.store.post(event, due=self.clock.time())
        return event
