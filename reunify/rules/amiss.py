"""What `rules check` would find in one version, told beside a draft and refused when it is handed in. Pure.

A draft on the pages has no file and no command line: whoever writes it hears of a gap, of two rows that both
match, of a requirement that can never be met, in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from reunify.kernel.refusals import Refused
from reunify.rates.fields import Dictionary
from reunify.rates.places import rules_folder
from reunify.rules import inspecting
from reunify.rules.checking import files_beside
from reunify.rules.inspecting import Finding
from reunify.rules.model import Rulebook


class NotInOrder(Refused):
    """What `rules check` calls an error: a gap, two rows that both match, a sentence not translated."""

    def __init__(self, wrong: tuple[str, ...]) -> None:
        more = f" And {len(wrong) - 5} more." if len(wrong) > 5 else ""
        super().__init__(f"These rules are not in order yet. {' '.join(wrong[:5])}{more}", field="/rules")
        self.wrong = wrong


def found_amiss(
    book: Rulebook, dictionary: Dictionary, *, on: date, beside: Iterable[Rulebook] = ()
) -> tuple[Finding, ...]:
    """Errors first. `beside`: versions of this source; those of another day share its calendar."""
    others = [b for b in beside if b.effective_from != book.effective_from]
    dated = tuple(sorted([*others, book], key=lambda b: b.effective_from))
    said = [*_kept(_Case((book.sha256, dictionary.body, on), book, dictionary))]
    said += inspecting.of_dates(book.source, dated, on)
    return tuple(sorted(said, key=lambda finding: not finding.error))


def check_in_order(book: Rulebook, dictionary: Dictionary, *, on: date) -> None:
    """Warnings are told and stop nobody. Raises NotInOrder."""
    wrong = [f for f in found_amiss(book, dictionary, on=on) if f.error]
    if wrong:
        raise NotInOrder(tuple(f"{f.place}: {f.finding}; {f.remedy}." for f in wrong))


@dataclass(frozen=True, slots=True)
class _Case:
    """Only the fingerprint, the dictionary and the day are compared."""

    key: tuple[str, bytes, date]
    book: Rulebook = field(compare=False)
    dictionary: Dictionary = field(compare=False)


@lru_cache(maxsize=64)
def _kept(case: _Case) -> tuple[Finding, ...]:
    """A page is shown many times between two changes, and a wide table takes a while to look through."""
    book, file = case.book, f"{case.book.source}/{case.book.effective_from}.yaml"
    there = files_beside(rules_folder() / book.source)
    return tuple(inspecting.of_version(book, file, case.dictionary, case.key[2], there))
