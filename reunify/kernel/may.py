"""Deny by default: every public verb says who may call it, and is never run for anybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import ParamSpec, TypeVar, cast

from reunify.kernel.people import Actor, Family, Role, Service, Staff, System, check_role
from reunify.kernel.refusals import NotAllowed

FINANCE = (Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)
# Every member of staff, over their own account. `@may(*ANYBODY)` is a decision, never what is left unsaid.
ANYBODY = frozenset(Role)
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class May:
    """Staff with one of the roles; the others only where said. `service` is the scope a token needs."""

    roles: frozenset[Role]
    system: bool
    family: bool
    service: str | None

    def check(self, by: Actor) -> None:
        """Raises NotAllowed in words."""
        match by:
            case Staff():
                if not self.roles:
                    raise NotAllowed("The system does this by itself.")
                if self.roles != ANYBODY:
                    check_role(by, *sorted(self.roles))
                if by.through is not None:
                    self._check_scope(by.through)
            case System():
                if not self.system:
                    raise NotAllowed("A person decides this, never a rule.")
            case Family():
                if not self.family:
                    raise NotAllowed("Only staff can do this.")
            case Service():
                self._check_scope(by)

    def _check_scope(self, program: Service) -> None:
        if self.service is None or self.service not in program.scopes:
            raise NotAllowed("This token does not reach so far. Ask an administrator for its scope.")

    def __str__(self) -> str:
        roles = [r.value.replace("_", " ") for r in Role if r in self.roles]
        said = ["any member of staff"] if self.roles == ANYBODY else roles
        said += ["the system"] if self.system else []
        said += ["the family"] if self.family else []
        said += [f"a token with {self.service}"] if self.service else []
        return ", ".join(said)


def may(
    *roles: Role, system: bool = False, family: bool = False, service: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare who may call a verb that takes `by`. The verb's own policy may say more, never less."""
    declared = May(frozenset(roles), system, family, service)

    def declare(verb: Callable[P, R]) -> Callable[P, R]:
        by = signature(verb).parameters.get("by")
        if by is None or by.kind is not Parameter.KEYWORD_ONLY:
            raise TypeError(f"{verb.__qualname__} takes no keyword `by`: nobody can be asked who acts")

        @wraps(verb)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            declared.check(cast(Actor, kwargs["by"]))
            return verb(*args, **kwargs)

        checked.__may__ = declared  # type: ignore[attr-defined]  # read by the architecture test
        return checked

    return declare
