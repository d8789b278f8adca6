"""What would change a no: the smallest sets of facts that, changed together, leave nothing refused.

Sound: any values that meet the cells of a set leave no requirement not met, everything else as it is.
Minimal: no smaller set does. Complete: every set of that size is found, up to `MOST` of them; a no so tangled
that the search takes too long tells none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product

from reunify.rates.fields import Dictionary
from reunify.rules.answers import Change, Outcome, RequirementResult, TableResult
from reunify.rules.group_bits import BookBits, Kind, RuleBits, book_bits
from reunify.rules.judging import Decisions, Facts, judge, judge_table, outcome_of
from reunify.rules.model import Rulebook
from reunify.rules.wanted import nearest

MOST = 32
_STEPS = 400  # sets looked at in one part
_TRIES = 5_000  # combinations of values tried in all

_NOT_MET = Outcome.NOT_MET

_Set = tuple[int, ...]  # facts, as places in the book's, in the order they were reached
_Box = list[list[Kind]]  # of each fact of a set the kinds of value it may take, whichever the others take


def what_would_change(
    book: Rulebook, facts: Facts, dictionary: Dictionary, decisions: Decisions | None = None
) -> tuple[Change, ...]:
    """Nothing when nothing is refused, and nothing where a person said no outright."""
    decided = decisions or {}
    results = [judge(r, facts, dictionary, decided) for r in book.requirements]
    tables = [judge_table(t, facts, dictionary, decided) for t in book.tables]
    return changes_of(book, results, tables, facts, dictionary, decided)


def changes_of(
    book: Rulebook,
    results: Sequence[RequirementResult],
    tables: Sequence[TableResult],
    facts: Facts,
    dictionary: Dictionary,
    decisions: Decisions,
) -> tuple[Change, ...]:
    """As `what_would_change`, of what is judged already."""
    refused = [n for n, r in enumerate(results) if r.outcome is _NOT_MET]
    if not refused or any([t.outcome is _NOT_MET for t in tables]):
        return ()
    bits = book_bits(book, dictionary)
    for counting in (False, True):
        search = _Search(bits, facts, dictionary, decisions, counting=counting)
        try:
            per_part = [search.smallest(part) for part in search.parts(refused)]
        except _SearchTooLong:
            continue
        if len(per_part) < 2:
            return tuple(per_part[0]) if per_part else ()
        return tuple([_together(sets) for sets in islice(product(*per_part), MOST)])
    return ()


def _together(sets: Sequence[Change]) -> Change:
    facts = tuple([pair for one in sets for pair in one.facts])
    return Change(facts, all(one.for_family for one in sets))


class _SearchTooLong(Exception):
    pass


class _Search:
    """`counting`: combinations of values are tried one after the other and counted. Otherwise facts that do
    not hang on each other are looked at each by itself, and the combinations that stands for are counted as
    the most they can be: a search too long by that is done again, counting."""

    def __init__(
        self, bits: BookBits, facts: Facts, dictionary: Dictionary, decisions: Decisions, *, counting: bool
    ) -> None:
        self._bits, self._facts, self._sure = bits, bits.facts, bits.sure
        self._now, self._dictionary, self._decisions = facts, dictionary, decisions
        self._here = [fact.standing(facts.get(fact.name)) for fact in bits.facts]
        # A no that a person said may also stand where facts are unknown: those are judged, not added up.
        said_no = [name for name, word in decisions.items() if word.decision == "not_met"]
        self._said_no = bits.guards(said_no) if said_no else 0
        self._tried_out = -1 if counting else self._said_no  # guards: their facts are tried in combinations
        self._tries = 0

    def parts(self, refused: Sequence[int]) -> list[list[RuleBits]]:
        """The refused requirements by part, none where a person said no outright."""
        parts: dict[int, list[RuleBits]] = {}
        for place in refused:
            rule = self._bits.rules[place]
            if rule is None:
                return []
            parts.setdefault(rule.part, []).append(rule)
        return list(parts.values())

    def smallest(self, refused: list[RuleBits]) -> list[Change]:
        """Every smallest set that mends one part. Sets grow only where they must, the shorter first."""
        waiting: dict[int, list[tuple[_Set, int]]] = {0: [((), 0)]}
        seen = {0}
        found: list[Change] = []
        steps = 0
        while waiting and not found:
            for chosen, bits in waiting.pop(min(waiting)):
                steps += 1
                if steps > _STEPS:
                    raise _SearchTooLong
                apart = _apart(refused, bits)
                change = self._enough(chosen, bits) if apart is None else None
                if change is not None:
                    found.append(change)
                    if len(found) == MOST:
                        break
                    continue
                for more in self._further(chosen, bits) if apart is None else self._mending(apart, bits):
                    together = bits
                    for place in more:
                        together |= 1 << place
                    if together not in seen:
                        seen.add(together)
                        named = chosen + more
                        waiting.setdefault(len(named), []).append((named, together))
        return found

    def _further(self, chosen: _Set, bits: int) -> list[_Set]:
        """What any larger set that is enough must also hold, where these facts are not."""
        touching = self._touching(chosen)
        for rule in touching:
            if not self._can_hold(rule, tuple([n for n in chosen if rule.touched >> n & 1])):
                return self._mending(rule, bits)
        return self._singly((n for rule in touching for n in rule.facts), bits)

    def _mending(self, rule: RuleBits, bits: int) -> list[_Set]:
        """A group holds only when each of its failing cells is changed; a denial ends with any one."""
        here = self._here
        if rule.rule.form != "deny_if":
            wanting = [
                tuple([n for n in facts if here[n].broken & group and not bits >> n & 1])
                for group, facts in rule.groups
            ]
            if all(wanting):
                return [w for w in wanting if all([here[n].others for n in w])]
        return self._singly(rule.facts, bits)

    def _singly(self, places: Iterable[int], bits: int) -> list[_Set]:
        return [(n,) for n in dict.fromkeys(places) if not bits >> n & 1 and self._here[n].others]

    def _touching(self, chosen: _Set) -> list[RuleBits]:
        places = dict.fromkeys(place for n in chosen for place in self._facts[n].rules)
        return [rule for place in places if (rule := self._bits.rules[place]) is not None]

    def _refuses(self, broken: int, guards: int, chosen: _Set, kinds: Sequence[Kind]) -> bool:
        """Whether one of the requirements of these guards is not met, with `broken` all the groups that are
        when the facts take these kinds of value."""
        self._tries += 1
        if self._tries > _TRIES:
            raise _SearchTooLong
        bits = self._bits
        if ((broken ^ bits.turned) + bits.ones) & guards & self._sure:
            return True
        if not guards & self._said_no:
            return False
        facts = dict(self._now)
        for n, (kind, _) in zip(chosen, kinds, strict=False):
            fact = self._facts[n]
            facts[fact.name] = fact.lows[kind.bit_length() - 1]
        return any(
            outcome_of(rule.rule, facts, self._dictionary, self._decisions) is _NOT_MET
            for rule in bits.rules
            if rule is not None and rule.guards & guards & self._said_no
        )

    def _can_hold(self, rule: RuleBits, chosen: _Set) -> bool:
        broken = self._others(rule.facts, chosen)
        return not all(
            self._refuses(_broken(broken, kinds), rule.guards, chosen, kinds)
            for kinds in product(*[self._here[n].others for n in chosen])
        )

    def _others(self, places: Iterable[int], chosen: _Set) -> int:
        """What the facts that stay as they are break."""
        broken = 0
        for n in places:
            if n not in chosen:
                broken |= self._here[n].broken
        return broken

    def _enough(self, chosen: _Set, bits: int) -> Change | None:
        """The change, when some kinds of value of these facts leave nothing refused."""
        here, broken, tangled, shared, tries = self._here, 0, 0, 0, len(chosen) + 1
        for n in chosen:
            fact = self._facts[n]
            shared |= fact.tangled & tangled
            if fact.guards & self._tried_out:
                return self._witness(chosen)
            tangled |= fact.tangled & self._sure
            tries *= len(here[n].others) + 1
            for near in fact.near:
                if not bits >> near & 1:
                    broken |= here[near].broken
        if shared and self._hanging(shared, bits, broken):
            return self._witness(chosen)
        self._tries += tries
        if self._tries > _TRIES:
            raise _SearchTooLong
        fit = [self._fit(n, broken) for n in chosen]
        return self._change(chosen, fit) if all(fit) else None

    def _hanging(self, guards: int, bits: int, broken: int) -> bool:
        """Whether in one of these requirements what one chosen fact must be may hang on what another is.

        Not where one group is left to hold, which needs each of its cells, nor where one holds untouched.
        """
        for rule in self._bits.rules:
            if rule is not None and rule.guards & guards:
                whole = [facts for group, facts in rule.groups if not group & broken]
                if rule.rule.form == "deny_if":
                    if whole:
                        return True
                elif len(whole) > 1 and all([any([bits >> n & 1 for n in facts]) for facts in whole]):
                    return True
        return False

    def _fit(self, place: int, broken: int) -> int:
        """The kinds of value of one fact that leave none of its requirements refused, as bits."""
        turned, ones, guards = self._bits.turned, self._bits.ones, self._facts[place].guards & self._sure
        fit = 0
        for kind, more in self._here[place].others:
            if not ((broken | more) ^ turned) + ones & guards:
                fit |= kind
        return fit

    def _witness(self, chosen: _Set) -> Change | None:
        """Kinds of value that together leave nothing refused, widened as far as all of them may go."""
        facts = [self._facts[n] for n in chosen]
        broken = self._others([near for fact in facts for near in fact.near], chosen)
        ready, later = [0] * len(chosen), 0
        for place in range(len(chosen) - 1, -1, -1):
            ready[place] = facts[place].guards & ~later
            later |= facts[place].guards
        kinds = self._tried(chosen, broken, ready, ())
        if kinds is None:
            return None
        box = [[kind] for kind in kinds]
        for place, n in enumerate(chosen):
            for kind in self._here[n].others:
                others = [*box[:place], [kind], *box[place + 1 :]]
                if kind is not kinds[place] and not any(
                    self._refuses(_broken(broken, one), facts[place].guards, chosen, one)
                    for one in product(*others)
                ):
                    box[place].append(kind)
        return self._change(chosen, [sum(kind for kind, _ in listed) for listed in box])

    def _tried(
        self, chosen: _Set, broken: int, ready: Sequence[int], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, ...] | None:
        """A requirement is looked at once all its chosen facts have a value: at that place it is ready."""
        place = len(kinds)
        if place == len(chosen):
            return kinds
        for kind in self._here[chosen[place]].others:
            together, more = broken | kind[1], (*kinds, kind)
            if not self._refuses(together, ready[place], chosen, more):
                found = self._tried(chosen, together, ready, more)
                if found is not None:
                    return found
        return None

    def _change(self, chosen: _Set, fit: Sequence[int]) -> Change:
        facts = [self._facts[n] for n in chosen]
        told = [
            (fact.name, nearest(fact.said(kinds), self._now.get(fact.name)))
            for fact, kinds in zip(facts, fit, strict=True)
        ]
        return Change(tuple(told), all([fact.family for fact in facts]))


def _apart(refused: Sequence[RuleBits], chosen: int) -> RuleBits | None:
    """The first that none of the chosen facts touches."""
    for rule in refused:
        if not rule.touched & chosen:
            return rule
    return None


def _broken(broken: int, kinds: Iterable[Kind]) -> int:
    for _, more in kinds:
        broken |= more
    return broken
