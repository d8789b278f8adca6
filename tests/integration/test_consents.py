"""Consents in the database: asked, signed, taken back; and Stripe hears nothing without one."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.actions import Paper
from reunify.consent.policy import (
    STRIPE,
    AlreadyTakenBack,
    Needed,
    NoConsentFor,
    NotAGiver,
    NoWitness,
    Recipient,
    RecipientKind,
    Told,
)
from reunify.consent.queries import Ask
from reunify.db import Database
from reunify.disbursement import actions, logging_payments, opening, sending
from reunify.disbursement.policy import Instrument
from reunify.identity import family_links
from reunify.intake import actions as intake_actions
from reunify.intake import queries as intake
from reunify.intake.form import Settlement
from reunify.kernel.ids import InstructionId, PayeeId
from reunify.kernel.people import Family, Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound
from reunify.payees import actions as payees
from reunify.payees import agreement
from reunify.payees import queries as payee_queries
from reunify.payees.agreement import permit_for_stripe
from reunify.rules.library import shipped
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import (
    FLOW,
    World,
    make_world,
    payments_at,
    some_uuid,
    superuser_of,
)
from tests.proofs import by_message

MOTHER = "payee:mother"  # in this world she is paid and does not travel
AGENCY = Recipient(RecipientKind.AGENCY, "Fulton County Children's Services")
SIM = tuple[Running, StripeGateway]


@pytest.fixture
def world(db: Database, server: Urls, database_name: str) -> World:
    return make_world(db, superuser_of(server.superuser, database_name))


def the_ask(world: World) -> Ask:
    with world.db.read() as session:
        found = consents.find(
            session, world.request, recipient=STRIPE, what=Told.PAYMENT_DETAILS, about=MOTHER
        )
    assert found is not None
    return found


def take_back(world: World) -> None:
    with world.db.work() as session:
        consent.take_back(session, ask=the_ask(world), giver=MOTHER, by=world.staff["ana"], now=world.clock())


def permitted(world: World, which: PayeeId | None = None) -> bool:
    with world.db.work() as session:
        payee = payee_queries.payee(session, which or world.payees["mother"])
        return agreement.agreed(session, payee, now=world.clock())


def make_known(world: World, gateway: StripeGateway, instruction: InstructionId) -> bool:
    return sending.ensure_recipient(world.db, gateway, instruction_id=instruction, by=FLOW, clock=world.clock)


# What is told with the request -----------------------------------------------------------------------------
def test_a_yes_told_with_the_request_is_a_consent_on_paper_for_a_year(world: World) -> None:
    (given,) = the_ask(world).given
    assert (given.giver, given.answer, given.how) == (MOTHER, "yes", "paper")
    assert given.signed_name == "Rosa Delgado"
    assert given.witness == world.staff["ana"].id
    assert given.ends_at is not None
    assert timedelta(days=364) < given.ends_at - world.clock() <= timedelta(days=365)
    assert permitted(world)


def test_names_and_papers_are_sealed_and_the_audit_tells_none_of_them(world: World) -> None:
    with world.db.read() as session:
        rows = session.execute(sa.text("SELECT row_to_json(c)::text FROM consents c")).scalars().all()
        rows += session.execute(
            sa.text("SELECT row_to_json(a)::text FROM audit_entries a WHERE subject = 'consent'")
        ).scalars()
    assert len(rows) >= 3
    for row in rows:
        assert "Delgado" not in row
        assert agreement.TOLD_WITH_THE_REQUEST not in row


def test_a_consent_taken_back_is_not_given_again_by_an_unchanged_request(world: World) -> None:
    take_back(world)
    with world.db.work() as session:
        content = intake.newest_version(session, world.request).content
        mother = content.payees[0].model_copy(update={"email": "new@example.org"})
        changed = content.model_copy(update={"payees": [mother, *content.payees[1:]]})
        payees.register(session, request_id=world.request, content=changed, by=FLOW, now=world.clock())
    assert not permitted(world)
    assert len(the_ask(world).given) == 1


def test_a_no_told_later_takes_it_back_and_a_yes_told_again_is_a_new_consent(world: World) -> None:
    for told in (False, True):
        with world.db.work() as session:
            content = intake.newest_version(session, world.request).content
            mother = content.payees[0].model_copy(update={"stripe_consent": told})
            changed = content.model_copy(update={"payees": [mother, *content.payees[1:]]})
            payees.register(session, request_id=world.request, content=changed, by=FLOW, now=world.clock())
        assert permitted(world) is told
    assert len(the_ask(world).given) == 2


# Another human under the same key --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "told", [{"name": "Tomás Hidalgo"}, {"email": "tomas@example.org"}, {"name": "R", "email": "r@x.org"}]
)
def test_nobodys_signature_tells_stripe_of_another(world: World, told: dict[str, str]) -> None:
    answer(world, {f"/payees/0/{field}": value for field, value in told.items()})
    assert not permitted(world)  # the one who agreed is no longer who is told
    again = register(world)
    assert again != world.payees["mother"]
    assert not permitted(world, again)
    assert not permitted(world)
    (given,) = the_ask(world).given
    assert given.revoked_at is not None
    with world.db.read() as session:
        assert not intake.newest_version(session, world.request).content.payees[0].stripe_consent


def test_a_yes_told_again_for_the_new_person_is_their_own_paper_and_speaks_of_them_alone(
    world: World,
) -> None:
    answer(world, {"/payees/0/name": "Tomás Hidalgo", "/payees/0/stripe_consent": True})
    again = register(world)
    old, new = the_ask(world).given
    assert (old.signed_name, new.signed_name) == ("Rosa Delgado", "Tomás Hidalgo")
    assert old.revoked_at is not None
    assert permitted(world, again)
    assert not permitted(world)
    with world.db.work() as session:
        payee = payee_queries.payee(session, again)
        permit = permit_for_stripe(session, payee, now=world.clock())
    said: dict[str, Any] = {"request": world.request, "about": MOTHER}
    assert permit.covers(STRIPE, Told.PAYMENT_DETAILS, record=again, **said)
    assert not permit.covers(STRIPE, Told.PAYMENT_DETAILS, record=world.payees["mother"], **said)


def test_a_yes_that_is_older_than_the_payee_is_another_payees(world: World) -> None:
    """Two payees of one traveler: what she signed for herself says nothing of who is named later."""
    world.clock.later = timedelta(hours=1)
    with world.db.work() as session:
        content = intake.newest_version(session, world.request).content
    mother = content.travelers[0].key
    answer(world, {"/payees/0/traveler": mother, "/payees/0/stripe_consent": False})
    register(world)
    answer(world, {"/payees/0/stripe_consent": True})
    mine = register(world)
    assert permitted(world, mine)
    world.clock.later = timedelta(hours=2)
    payee = {"key": "other", "kind": "person", "name": "Tomás Hidalgo", "email": "tomas@example.org"}
    raw = content.payees[0].model_copy(update={"traveler": mother, "stripe_consent": True})
    every = [raw, *content.payees[1:]]
    answer(world, {"/payees": [p.model_dump(mode="json") for p in every] + [payee | {"traveler": mother}]})
    assert not permitted(world, register(world, "other"))
    assert permitted(world, mine)


def answer(world: World, answers: dict[str, Any]) -> None:
    with world.db.work() as session:
        session.execute(sa.text("UPDATE requests SET state = 'submitted'"))
        intake_actions.answer(
            session,
            request_id=world.request,
            answers=answers,
            award_stands=False,
            case_types=shipped().dictionary.case_types,
            by=world.staff["ana"],
            now=world.clock(),
        )


def register(world: World, key: str = "mother") -> PayeeId:
    with world.db.work() as session:
        content = intake.newest_version(session, world.request).content
        known = payees.register(
            session, request_id=world.request, content=content, by=FLOW, now=world.clock()
        )
    return known[key]


# Append-only, time-limited, revocable ----------------------------------------------------------------------
@pytest.mark.parametrize("table", ["consents", "consent_asks", "consent_revocations", "consent_releases"])
def test_what_was_written_is_never_changed(world: World, table: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), world.db.work() as session:
        session.execute(sa.text(f"DELETE FROM {table}"))


def test_the_table_refuses_a_yes_without_an_end_or_a_signature_and_a_year_and_a_day(world: World) -> None:
    same = (
        "INSERT INTO consents (id, request_id, ask_id, giver, answer, how, text_version, language, "
        "signed_name, witness, paper_reference, given_at, ends_at) SELECT gen_random_uuid(), request_id, "
        "ask_id, giver, answer, how, text_version, language, {name}, {witness}, paper_reference, given_at, "
        "{ends} FROM consents"
    )
    good = {"name": "signed_name", "witness": "witness", "ends": "ends_at"}
    for changed, constraint in (
        ({"ends": "NULL"}, "yes_is_signed_and_ends"),
        ({"name": "NULL"}, "yes_is_signed_and_ends"),
        ({"ends": "given_at + interval '367 days'"}, "ends_within_a_year"),
        ({"ends": "given_at"}, "ends_within_a_year"),
        ({"witness": "NULL"}, "paper_is_witnessed"),
    ):
        with pytest.raises(sa.exc.IntegrityError, match=constraint), world.db.work() as session:
            session.execute(sa.text(same.format(**good | changed)))


def test_a_consent_is_over_at_its_end(world: World) -> None:
    world.clock.later = timedelta(days=365, seconds=5)
    assert not permitted(world)


def test_only_the_giver_or_staff_takes_it_back_and_only_once(world: World) -> None:
    ask = the_ask(world)
    for by, refusal in (
        (Family(some_uuid(), reader="father"), NotAGiver),
        (world.staff["dee"], NotAllowed),
        (world.staff["ben"], NotAllowed),
    ):
        with pytest.raises(refusal), world.db.work() as session:
            consent.take_back(session, ask=ask, giver=MOTHER, by=by, now=world.clock())
    take_back(world)
    with pytest.raises(AlreadyTakenBack):
        take_back(world)


def test_the_same_question_is_asked_once_and_one_recipient_says_nothing_of_another(world: World) -> None:
    said: dict[str, Any] = {"request_id": world.request, "what": Told.CASE_SUMMARY, "about": "child"}
    with world.db.work() as session:
        keep = said | {"by": world.staff["ana"], "now": world.clock()}
        first = consent.ask(session, recipient=AGENCY, **keep)
        assert consent.ask(session, recipient=AGENCY, **keep).id == first.id
        other = Recipient(RecipientKind.AGENCY, "Another office")
        assert consent.ask(session, recipient=other, **keep).id != first.id
    needed = Needed(("child",), ("mother",))
    for giver in needed.givers:
        sign(world, first.id, giver, needed)
    with world.db.read() as session:
        keep = {"request": world.request, "needed": needed, "now": world.clock()}
        asked: dict[str, Any] = {"what": Told.CASE_SUMMARY, "about": "child", **keep}
        assert consent.permit(session, recipient=AGENCY, **asked).recipient == AGENCY
        with pytest.raises(NoConsentFor):
            consent.permit(session, recipient=other, **asked)
        with pytest.raises(NoConsentFor):
            consent.permit(session, recipient=AGENCY, **asked | {"what": Told.CONTACT_DETAILS})
        with pytest.raises(NoConsentFor):
            consent.permit(session, recipient=AGENCY, **asked | {"about": "mother"})


def sign(world: World, ask_id: UUID, giver: str, needed: Needed, paper: str = "Folder 7, page 2") -> None:
    with world.db.work() as session:
        consent.record_paper(
            session,
            ask=consents.ask(session, world.request, ask_id),
            needed=needed,
            giver=giver,
            name="Rosa Delgado",
            months=6,
            paper=Paper(paper, world.staff["ana"].id),
            language="es",
            by=world.staff["ana"],
            now=world.clock(),
        )


def test_an_abusers_signature_and_a_paper_nobody_can_find_are_refused(world: World) -> None:
    ask = the_ask(world)
    with pytest.raises(NotAGiver):
        sign(world, ask.id, "father", Needed(("child",), ("mother",)))
    with pytest.raises(NoWitness):
        sign(world, ask.id, MOTHER, Needed((MOTHER,)), paper=" ")


def test_another_familys_question_is_not_found(world: World) -> None:
    with world.db.read() as session, pytest.raises(NotFound):
        consents.ask(session, some_uuid(), the_ask(world).id)


# Stripe ----------------------------------------------------------------------------------------------------
def test_taken_back_before_anything_was_told_stripe_never_hears_of_her(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    (instruction,) = world.instruct(world.line("mother", Settlement.ADVANCE, 40_000))
    assert world.instruction(instruction).rail == "global_payout"
    take_back(world)
    assert not make_known(world, gateway, instruction)
    found = world.instruction(instruction)
    assert (found.state, found.rail) == ("to_log", "logged")
    assert found.rail_reason == f"{actions.NO_LONGER_AGREED} It was taken back."
    assert simulator.bank.store.all("account") == []
    with world.db.read() as session:
        assert consents.releases(session, world.request) == []


def test_taken_back_after_she_is_known_nothing_is_sent_and_a_person_pays(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    take_back(world)
    with pytest.raises(NoConsentFor, match="taken back"):
        world.send(gateway, instruction)
    assert world.instruction(instruction).state == "ready"
    assert not make_known(world, gateway, instruction)
    assert world.instruction(instruction).state == "to_log"
    assert payments_at(simulator) == []
    record(world, instruction)
    assert world.instruction(instruction).state == "settled"


def record(world: World, instruction: InstructionId) -> None:
    with world.db.work() as session:
        logging_payments.record_logged(
            session,
            instruction_id=instruction,
            instrument=Instrument.CHECK,
            external_reference="1042",
            paid_on=world.clock().date(),
            evidence_note=None,
            standing_digest=lambda _session, _award: world.digest,
            by=world.staff["ben"],
            now=world.clock(),
        )
        by_message(session, instruction, by=world.staff["ben"], now=world.clock())
    with world.db.work() as session:
        logging_payments.verify_logged(
            session, instruction_id=instruction, by=world.staff["carla"], now=world.clock()
        )


def test_a_consent_that_ran_out_falls_back_too(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    (instruction,) = world.instruct(world.line("mother", Settlement.ADVANCE, 40_000))
    world.clock.later = timedelta(days=366)
    assert not make_known(world, gateway, instruction)
    assert "Its time is over." in world.instruction(instruction).rail_reason


def test_what_may_have_been_sent_is_asked_after_with_the_same_key_although_taken_back(
    world: World, stripe: SIM
) -> None:
    """Exactly once comes first: a frozen attempt is retried, or the money would be paid a second time."""
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    with world.db.work() as session:
        opened = opening.open_attempt(
            session,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: world.digest,
            prepare=gateway.prepare,
            by=FLOW,
            now=world.clock(),
        )
    gateway.send(opened.params, key=opened.key)  # and then the worker died
    take_back(world)
    assert not make_known(world, gateway, instruction)
    assert world.instruction(instruction).state == "sending"
    assert world.send_again(gateway, instruction) == "in_flight"
    assert len(payments_at(simulator)) == 1


def test_a_verified_check_is_noted_at_stripe_only_while_she_agrees(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    with world.db.work() as session:
        actions.pay_otherwise(
            session,
            instruction_id=instruction,
            why="She asked for it",
            by=world.staff["ben"],
            now=world.clock(),
        )
    record(world, instruction)
    take_back(world)
    assert sending.note_in_stripe(world.db, gateway, by=FLOW, clock=world.clock) == 0
    (account,) = simulator.bank.store.all("account")
    assert "reunify_disbursement" not in (account.get("metadata") or {})
    assert sending.note_in_stripe(world.db, gateway, by=FLOW, clock=world.clock) == 0


def test_who_was_told_is_written_down_once_and_before_it_is_told(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    instruction = world.advance(gateway)
    assert make_known(world, gateway, instruction)
    with world.db.read() as session:
        (told,) = consents.releases(session, world.request)
    assert (told.recipient, told.what, told.about) == (STRIPE, Told.PAYMENT_DETAILS, MOTHER)


def test_taking_back_waits_for_a_payment_being_opened_and_comes_after_it(world: World) -> None:
    """While the paying transaction holds the consent, nobody takes it back under its feet."""
    done = threading.Event()
    with world.db.work() as session:
        payee = payee_queries.payee(session, world.payees["mother"])
        permit_for_stripe(session, payee, now=world.clock())
        waiting = threading.Thread(target=lambda: (take_back(world), done.set()))
        waiting.start()
        assert not done.wait(0.3)
    waiting.join(10)
    assert done.is_set()
    assert not permitted(world)


# On the page -----------------------------------------------------------------------------------------------
def test_a_typed_name_on_the_page_is_a_signature_of_the_reader_alone(world: World) -> None:
    ana = world.staff["ana"]
    assert Role.CASE_MANAGER in ana.roles
    reader = link_of(world, ana)
    with world.db.work() as session:
        question = consent.ask(
            session, request_id=world.request, recipient=AGENCY, what=Told.TRAVEL_DETAILS, about="mother",
            by=ana, now=world.clock(),
        )  # fmt: skip
    needed = Needed(("mother",))
    said: dict[str, Any] = {"needed": needed, "name": "Marisol Quintero", "months": 3, "language": "es"}
    with world.db.work() as session:
        consent.agree_on_page(session, ask=question, by=reader, now=world.clock(), **said)
    with world.db.read() as session:
        (given,) = consents.ask(session, world.request, question.id).given
    assert (given.giver, given.how, given.language, given.witness) == ("mother", "page", "es", None)
    with pytest.raises(NotAllowed), world.db.work() as session:
        consent.agree_on_page(session, ask=question, by=ana, now=world.clock(), **said)  # type: ignore[arg-type]
    stranger = Family(reader.id, reader="child")
    with pytest.raises(NotAGiver), world.db.work() as session:
        consent.agree_on_page(session, ask=question, by=stranger, now=world.clock(), **said)


def link_of(world: World, by: Staff) -> Family:
    with world.db.work() as session:
        link = family_links.make_family_link(
            session, request_id=world.request, reader="mother", by=by, now=world.clock()
        )
        token = family_links.open_family_link(session, token=link.token, pin=link.pin, now=world.clock())
        assert token is not None
        found = family_links.family_of(session, token=token, now=world.clock())
    assert found is not None
    return found[0]
