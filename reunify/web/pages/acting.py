"""One act of a form: done, or the same page again with everything as it was typed."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.kernel.refusals import Refused


def done(
    at: House,
    act: Callable[[Session], object],
    *,
    then: Response,
    again: Callable[[Refused], Response],
    never_again: tuple[type[Refused], ...] = (),
    wake: bool = False,
) -> Response:
    """`again` shows the form with what was refused; of `never_again` the person is told by a page of its own.

    `wake`: flows find something to do after it.
    """
    try:
        with at.db.work(wake=wake) as session:
            act(session)
    except never_again:
        raise
    except Refused as refused:
        return again(refused)
    return then
