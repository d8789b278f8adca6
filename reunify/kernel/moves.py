"""One table of moves per aggregate: from, verb, to, who. Nothing changes state any other way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from reunify.kernel.refusals import OutOfStep

START = "(new)"


@dataclass(frozen=True, slots=True)
class Move:
    source: str
    verb: str
    target: str
    who: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What happened, as the audit trail wants it."""

    verb: str
    source: str
    target: str


class HasState(Protocol):
    state: str


class WrongState(OutOfStep):
    """The verb does not apply to the state the thing is in."""


class Moves:
    """The table. `name` is the aggregate's word, used in sentences and pictures."""

    def __init__(self, name: str, *moves: Move) -> None:
        self.name = name
        self._table = {(m.source, m.verb): m for m in moves}
        if len(self._table) != len(moves):
            raise ValueError(f"{name}: two moves share a source and a verb")

    def __iter__(self) -> Iterator[Move]:
        return iter(self._table.values())

    @property
    def states(self) -> list[str]:
        seen = dict.fromkeys(s for m in self for s in (m.source, m.target))
        return [s for s in seen if s != START]

    def can(self, state: str, verb: str) -> bool:
        return (state, verb) in self._table

    def check(self, state: str, verb: str) -> Move:
        """The move, or WrongState in words."""
        move = self._table.get((state, verb))
        if move is None:
            allowed = sorted(m.verb for m in self if m.source == state)
            then = f" From here one can: {', '.join(allowed)}." if allowed else ""
            raise WrongState(
                f"This {self.name} is {state.replace('_', ' ')}, so it cannot {verb.replace('_', ' ')}.{then}"
            )
        return move

    def apply(self, record: HasState, verb: str) -> Moved:
        """Change the record's state, or refuse. The caller audits what comes back."""
        move = self.check(record.state, verb)
        record.state = move.target
        return Moved(verb=verb, source=move.source, target=move.target)

    def mermaid(self) -> str:
        """The picture kept in docs/states and compared in `make check`."""
        lines = ["stateDiagram-v2"]
        for m in self:
            source = "[*]" if m.source == START else m.source
            lines.append(f"    {source} --> {m.target}: {m.verb} ({m.who})")
        return "\n".join(lines) + "\n"
