"""The moves of an award, of the envelope for the night and of its review, asked of the house's policies."""

from __future__ import annotations

from collections.abc import Mapping

from reunify.approval import envelope_policy as night
from reunify.approval import policy as approval
from reunify.kernel.money import Money
from reunify.kernel.moves import START
from tests.unit import dual_model_now as model
from tests.unit.dual_model_now import IDS, NAME_OF, ON_CALL, Does, Now, ids, target

LIMIT, ABOVE = Money(150_000), Money(150_001)


def _change(now: Now, name: str) -> Now | None:
    """Somebody changes a payee or an amount of the request."""
    if now.newest >= now.scope.changes or name not in (now.scope.changers or now.scope.names):
        return None
    return now._replace(newest=now.newest + 1, wrote=now.wrote | {name})


def _open(now: Now, _: str) -> Now | None:
    """The flow drew the award from an envelope in force, if there is one."""
    if now.award != START:
        return None
    opened = approval.AWARD_MOVES.check(START, "open").target
    return now._replace(award=opened, enveloped=now.envelope == "in_force")


def _approve(now: Now, name: str) -> Now | None:
    person, approved = now.person(name), target(approval.AWARD_MOVES, now.award, "approve")
    if approved is None:
        return None
    approval.check_newest(assessed=now.checked, newest=now.newest)
    approval.check_can_approve(person, authors=ids(now.authors))
    return now._replace(
        award=approved,
        approver=name,
        approved_by=frozenset(NAME_OF[i] for i in person.selves),
        approved_as=now.checked,
        broken=now.breaks(not now.selves(name).isdisjoint(now.authors), model.TWO_PARTS),
    )


def _release(now: Now, name: str) -> Now | None:
    released = target(approval.AWARD_MOVES, now.award, "release")
    if released is None or now.approver is None or now.approved_by is None:
        return None
    approval.check_newest(assessed=now.checked, newest=now.newest)
    approval.check_digest(str(now.approved_as), str(now.checked))
    person, approved_for = now.person(name), ids(now.approved_by - {now.approver})
    alone = approval.one_person(person, IDS[now.approver], approved_for)
    approval.check_can_release(
        person,
        authors=ids(now.authors),
        approved_by=IDS[now.approver],
        approved_for=approved_for,
        ceiling=ABOVE,
        small_limit=LIMIT,
        not_alone=night.why_not_alone(
            enveloped=now.enveloped, open_now=now.envelope == "in_force", on_call=[IDS[ON_CALL]], by=person
        )
        if alone
        else "",
    )
    inside = now.enveloped and now.envelope == "in_force" and name == ON_CALL
    did_both = not now.selves(name).isdisjoint(now.approved_by)
    broken = now.breaks(not now.selves(name).isdisjoint(now.authors), model.TWO_PARTS)
    return now._replace(
        award=released,
        releaser=name,
        alone=did_both,
        review=night.REVIEW_MOVES.check(START, "open").target if alone else START,
        broken=broken | ({model.ONE_PERSON} if did_both and not inside else frozenset()),
    )


def _check_again(now: Now, _: str) -> Now | None:
    """The flow checks a changed request: the award that nobody released yet gives way to another."""
    if now.checked == now.newest or not approval.AWARD_MOVES.can(now.award, "replace"):
        return None
    opened = approval.AWARD_MOVES.check(START, "open").target
    return now._replace(checked=now.newest, award=opened, approver=None, approved_by=None, approved_as=None)


# The night ----------------------------------------------------------------------------------------------
def _propose(now: Now, name: str) -> Now | None:
    if not now.scope.night or now.envelope != START:
        return None
    person = night.check_signer(now.person(name))
    signed = frozenset(NAME_OF[i] for i in person.selves)
    target = night.ENVELOPE_MOVES.check(START, "propose").target
    return now._replace(envelope=target, first_signer=name, signers=signed)


def _sign(now: Now, name: str) -> Now | None:
    signed = target(night.ENVELOPE_MOVES, now.envelope, "sign")
    if signed is None or now.first_signer is None:
        return None
    night.check_second(now.person(name), IDS[now.first_signer], ids(now.signers - {now.first_signer}))
    selves = now.selves(name)
    return now._replace(
        envelope=signed,
        signers=now.signers | selves,
        broken=now.breaks(not selves.isdisjoint(now.signers), model.ONE_SIGNED),
    )


def _close(now: Now, name: str) -> Now | None:
    night.check_signer(now.person(name))
    closed = target(night.ENVELOPE_MOVES, now.envelope, "close")
    return None if closed is None else now._replace(envelope=closed)


def _review(verb: str) -> Does:
    def does(now: Now, name: str) -> Now | None:
        given = target(night.REVIEW_MOVES, now.review, verb)
        if given is None or now.approved_by is None or now.releaser is None:
            return None
        barred = now.authors | now.approved_by | {now.releaser} | now.signers
        night.check_reviewer(now.person(name), barred=ids(barred))
        return now._replace(
            review=given,
            broken=now.breaks(not now.selves(name).isdisjoint(barred), model.OWN_REVIEW),
        )

    return does


def _bear(now: Now, _: str) -> Now | None:
    borne = target(night.REVIEW_MOVES, now.review, "bear")
    return None if borne is None else now._replace(review=borne)


BY_PEOPLE: Mapping[str, Does] = {"change": _change, "approve": _approve, "release": _release}
AT_NIGHT: Mapping[str, Does] = {
    "propose": _propose,
    "sign": _sign,
    "close": _close,
    "agree": _review("agree"),
    "refuse": _review("refuse"),
}
BY_ITSELF: Mapping[str, Does] = {"check again": _check_again, "open": _open, "bear": _bear}
