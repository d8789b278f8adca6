"""How the rules stand: a sentence for whoever asks, and all of it for whoever can do something about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.places import rules_folder
from reunify.rules import current
from reunify.rules.library import Watch
from reunify.rules.policy import NoRulesApproved, RulesDoNotCompile
from reunify.rules.queries import in_force


@dataclass(frozen=True, slots=True)
class Health:
    """`public` is "ok" or one sentence without a word of any file. `staff`: every sentence, none when all is
    well. `broken`: what was approved is not read as it should be; a house without rules yet is not."""

    public: str
    staff: tuple[str, ...]
    broken: bool


def health(session: Session, *, today: date) -> Health:
    """One statement when all is well."""
    try:
        books = in_force(session)
    except NoRulesApproved as none:
        return Health("No rules are approved; requests wait.", (str(none),), broken=False)
    except RulesDoNotCompile as wrong:
        trouble = current.reading().trouble
        return Health(trouble.in_public if trouble else "ok", (str(wrong),), broken=True)
    said = []
    trouble = current.reading().trouble
    public = trouble.in_public if trouble else "ok"
    if trouble is not None:
        said.append(f"{trouble.wrong} Meanwhile the rules as read at {trouble.read} are used.")
    elif (broken := broken_in_folder()) is not None:
        public = f"{current.place_in_public(broken)} is broken; the approved rules stay in use."
        said.append(f"{broken} The approved rules stay in use.")
    said += [
        f"The rules of {source} are suspended: staff are asked instead." for source in sorted(books.suspended)
    ]
    for versions in books.versions.values():
        for book in versions:
            late = book.overdue(today)
            ended = book.effective_to is not None and book.effective_to < today
            if late and not ended:
                said.append(
                    f"{book.source} {book.effective_from}: to be reviewed by now: {', '.join(late)}. "
                    "Read the cited source again, and write a version with new dates."
                )
    return Health(public, tuple(said), broken=trouble is not None)


_WATCH: Watch | None = None


def broken_in_folder() -> RuleFileBroken | None:
    """What is wrong with the files of the rules folder now. Rules in force do not depend on them."""
    global _WATCH
    if _WATCH is None:
        _WATCH = Watch(rules_folder())
    return _WATCH.wrong()
