"""The moves of a payment: by attempts at Stripe, anew at another bank, or written down and verified."""

from __future__ import annotations

from collections.abc import Mapping

from reunify.approval import policy as approval
from reunify.disbursement import policy as payment
from reunify.disbursement import reapproval_policy as anew
from reunify.disbursement.logging_policy import LOGGED
from reunify.kernel.moves import START
from tests.unit import dual_model_now as model
from tests.unit.dual_model_now import IDS, NAME_OF, Does, Now, ids, target


def _stands(now: Now) -> str:
    """As `approval.digest_to_pay` answers inside the paying transaction."""
    approval.check_newest(assessed=now.checked, newest=now.newest)
    return str(now.checked)


def _pays(now: Now) -> frozenset[str]:
    """What would be wrong with paying now."""
    broken = now.breaks(now.award != "released", model.UNRELEASED)
    return broken | ({model.OLD_APPROVAL} if now.newest != now.approved_as else frozenset())


def _instruct(now: Now, _: str) -> Now | None:
    if now.award != "released" or now.instruction != START or now.scope.attempts + now.scope.logs == 0:
        return None
    payment.check_digest(str(now.approved_as), _stands(now))
    move = payment.INSTRUCTION.check(START, "instruct")
    paid = now._replace(instruction=move.target, instructed_as=now.approved_as)
    return paid._replace(approver=None, approved_by=None, releaser=None)  # nothing asks for them any more


def _move_bank(now: Now, _: str) -> Now | None:
    """The family, or whoever has its e-mail, names another bank account at Stripe."""
    return now._replace(bank=now.bank + 1) if now.bank < now.scope.banks else None


def bank_before(now: Now) -> int | None:
    return next((bank for _, bank in reversed(now.attempts) if bank is not None), None)


def _send(now: Now, _: str) -> Now | None:
    """With another bank account than before it is not sent: two people are asked."""
    sending = target(payment.INSTRUCTION, now.instruction, "send")
    if sending is None or len(now.attempts) >= now.scope.attempts:
        return None
    payment.check_digest(str(now.instructed_as), _stands(now))
    opened = payment.ATTEMPT.check(START, "open").target
    before, wanted = bank_before(now), (len(now.attempts), now.bank)
    try:
        anew.check_bank(
            None if before is None else str(before),
            None if before is None else str(now.bank),
            approved=[str(asked) for asked in now.anew],
            wanted=str(wanted),
        )
    except anew.BankChanged:
        asked = anew.REAPPROVAL.check(START, "ask").target
        return None if now.asked == wanted or asked not in anew.WAITING else now._replace(asked=wanted)
    broken = _pays(now)
    if before is not None and now.bank != before and wanted not in now.anew:
        broken |= {model.OTHER_BANK}
    bank = None if before is None else now.bank
    return now._replace(
        instruction=sending,
        attempts=(*now.attempts, (opened, bank)),
        asked=None,
        anew_by=None,
        broken=broken,
    )


def _approve_anew(now: Now, name: str) -> Now | None:
    if now.asked is None or now.instruction != "ready" or now.asked in now.anew:
        return None
    before = now.anew_by or frozenset()
    verb = "approve_second" if now.anew_by else "approve_first"
    anew.REAPPROVAL.check("half_approved" if now.anew_by else "asked", verb)
    person = anew.check_approver(now.person(name), list(ids(before)), authors=ids(now.authors))
    selves = now.selves(name)
    broken = now.breaks(not selves.isdisjoint(now.authors), model.OWN_ANEW)
    if now.anew_by is None:
        return now._replace(anew_by=frozenset(NAME_OF[i] for i in person.selves), broken=broken)
    broken |= {model.ONE_ANEW} if not selves.isdisjoint(before) else frozenset()
    return now._replace(anew=now.anew | {now.asked}, asked=None, anew_by=None, broken=broken)


def _attempt(verb: str, then: str | None = None) -> Does:
    """What becomes of the newest attempt, and of its instruction with it. Whoever takes it up says where."""

    def does(now: Now, _: str) -> Now | None:
        if not now.attempts:
            return None
        before, bank = now.attempts[-1]
        state = target(payment.ATTEMPT, before, verb)
        instruction = target(payment.INSTRUCTION, now.instruction, then) if then else now.instruction
        if state is None or instruction is None:
            return None
        if verb == "take_up" and bank is None:
            bank = now.bank
        return now._replace(attempts=(*now.attempts[:-1], (state, bank)), instruction=instruction)

    return does


def _declare_unsent(now: Now, name: str) -> Now | None:
    """It has been lost for so long that a person judges it."""
    payment.check_decider(now.person(name))
    lost = _attempt("lose")(now, "") if now.attempts and now.attempts[-1][0] == "open" else now
    return lost and _attempt("declare_unsent", "fail")(lost, "")


def _decide(verb: str) -> Does:
    def does(now: Now, name: str) -> Now | None:
        payment.check_decider(now.person(name))
        decided = target(payment.INSTRUCTION, now.instruction, verb)
        if decided is None:
            return None
        payment.check_nothing_flying([state for state, _ in now.attempts])
        return now._replace(instruction=decided)

    return does


def _record(now: Now, name: str) -> Now | None:
    recorded = target(payment.INSTRUCTION, now.instruction, "record")
    if recorded is None or now.logs >= now.scope.logs:
        return None
    person = payment.check_recorder(now.person(name))
    payment.check_digest(str(now.instructed_as), _stands(now))
    return now._replace(
        instruction=recorded,
        logged=LOGGED.check(START, "record").target,
        recorder=frozenset(NAME_OF[i] for i in person.selves),
        logs=now.logs + 1,
        broken=_pays(now),
    )


def _verify(now: Now, name: str) -> Now | None:
    verified = target(LOGGED, now.logged, "verify")
    settled = target(payment.INSTRUCTION, now.instruction, "verify")
    if verified is None or settled is None:
        return None
    one, *others = sorted(now.recorder)
    payment.check_verifier(now.person(name), IDS[one], [IDS[o] for o in others], authors=ids(now.authors))
    selves = now.selves(name)
    broken = now.breaks(not selves.isdisjoint(now.recorder), model.ONE_VERIFIED)
    return now._replace(
        instruction=settled,
        logged=verified,
        broken=broken | ({model.OWN_VERIFIED} if not selves.isdisjoint(now.authors) else frozenset()),
    )


def _void(now: Now, name: str) -> Now | None:
    """Written down wrongly, and nobody verified it."""
    payment.check_recorder(now.person(name))
    return _struck(now, "void")


def _stop(now: Now, name: str) -> Now | None:
    """Verified, and the bank says that it is stopped: owed again."""
    payment.check_decider(now.person(name))
    return _struck(now, "stop")


def _struck(now: Now, verb: str) -> Now | None:
    logged, owed = target(LOGGED, now.logged, verb), target(payment.INSTRUCTION, now.instruction, "void")
    return None if logged is None or owed is None else now._replace(logged=logged, instruction=owed)


BY_PEOPLE: Mapping[str, Does] = {
    "approve anew": _approve_anew,
    "declare unsent": _declare_unsent,
    "record": _record,
    "verify": _verify,
    "void": _void,
    "stop": _stop,
    **{verb: _decide(verb) for verb in payment.DECISIONS},
}
BY_ITSELF: Mapping[str, Does] = {
    "instruct": _instruct,
    "move bank": _move_bank,
    "send": _send,
    "lose": _attempt("lose"),
    "jam": _attempt("jam"),
    "refuse": _attempt("refuse", "fail"),
    "find no money": _attempt("refuse", "wait_for_money"),
    "take up": _attempt("take_up"),
    "post": _attempt("post", "settle"),
    "fail": _attempt("fail", "fail"),
    "cancel": _attempt("cancel", "fail"),
    "return": _attempt("return", "return"),
}


def standing(now: Now) -> int:
    """How many payments were made, or may still be."""
    flying = sum(state in payment.ALIVE or state == "posted" for state, _ in now.attempts)
    return flying + (now.logged in ("recorded", "verified"))
