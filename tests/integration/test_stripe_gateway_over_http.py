"""The real Stripe SDK against the simulator over real HTTP: outcomes, replays, refusals, events."""

from __future__ import annotations

import http.client
import json
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import stripe

from reunify.adapters.stripe_client import API_VERSION
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.adapters.stripe_rules import NotForStripe
from reunify.consent.policy import Told
from reunify.disbursement.outcomes import Known, Misused, NotSent, NotTried, Payment, Status, Unclear
from reunify.disbursement.ports import ConsentMissing, GatewayUnavailable, PaymentOrder, Recipient
from reunify.kernel.ids import PayeeId, RequestId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound
from reunify.payees.queries import Payee
from reunify.sandbox.stripe_simulator.options import OPENING_CENTS, Options
from reunify.sandbox.stripe_simulator.serving import Running, running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.permits import for_stripe

KEY = "sk_test_sandbox"
TRY = "reunify:disb:00000000-0000-4000-8000-000000000001:1"


def payee(**changes: Any) -> Payee:
    said: dict[str, Any] = {
        "id": PayeeId(uuid4()),
        "request_id": RequestId(uuid4()),
        "key": "mother",
        "version": 1,
        "kind": "person",
        "legal_name": "Ana Reyes",
        "email": "ana@example.org",
        "country": "US",
        "stripe_consent": True,
        "stripe_recipient": None,
    }
    return Payee(**{**said, **changes})


PAYEE = uuid4()
PERMIT = for_stripe(uuid4(), payee=PAYEE)


def make_known(gateway: StripeGateway, to: Payee) -> Recipient:
    return gateway.ensure_recipient(to, for_stripe(to.request_id, payee=to.id))


def gateway_to(base: str, *, read_seconds: float = 5) -> StripeGateway:
    return StripeGateway(
        key=KEY, financial_account=FINANCIAL_ACCOUNT, base=base, connect_seconds=2, read_seconds=read_seconds
    )


@pytest.fixture
def stripe_side(tmp_path: Path) -> Iterator[Running]:
    with running(Options(data=tmp_path, settle_after=None)) as simulator:
        yield simulator


@pytest.fixture
def gateway(stripe_side: Running) -> Iterator[StripeGateway]:
    made = gateway_to(stripe_side.url)
    yield made
    made.close()


def ready_order(gateway: StripeGateway, cents: int = 40_000) -> tuple[dict[str, Any], UUID]:
    reference = uuid4()
    recipient = make_known(gateway, payee())
    return gateway.prepare(PaymentOrder(reference, recipient.id, Money(cents), PERMIT, PAYEE)), reference


def known(outcome: object) -> Payment:
    assert isinstance(outcome, Known), outcome
    return outcome.payment


def sent_payments(stripe_side: Running) -> list[dict[str, Any]]:
    return stripe_side.bank.store.all("payment")


def post(url: str, body: bytes = b"{}", **headers: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    return call("POST", url, body, **headers)


def call(
    method: str, url: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], dict[str, Any]]:
    to = urlsplit(url)
    wire = http.client.HTTPConnection(to.hostname or "", to.port, timeout=5)
    said = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    wire.request(method, f"{to.path}?{to.query}" if to.query else to.path, body, said)
    got = wire.getresponse()
    raw = got.read()
    wire.close()
    return got.status, {k.lower(): v for k, v in got.getheaders()}, json.loads(raw) if raw[:1] == b"{" else {}


def test_a_payment_goes_out_and_settles(gateway: StripeGateway, stripe_side: Running) -> None:
    params, reference = ready_order(gateway)
    payment = known(gateway.send(params, key=TRY))
    assert payment.status is Status.PROCESSING
    assert payment.reference == reference
    assert gateway.balance().outbound_pending == Money(40_000)
    stripe_side.bank.settle(payment.id)
    assert gateway.look_up(payment.id).status is Status.POSTED
    assert gateway.balance().held == Money(OPENING_CENTS - 40_000)
    assert [m.amount.cents for m in gateway.movements(since=None)] == [OPENING_CENTS, -40_000]


def test_what_stripe_learns_is_name_email_country_and_one_reference(
    gateway: StripeGateway, stripe_side: Running
) -> None:
    params, reference = ready_order(gateway)
    gateway.send(params, key=TRY)
    (account,) = stripe_side.bank.store.all("account")
    assert account["display_name"] == "Ana Reyes"
    assert account["contact_email"] == "ana@example.org"
    assert account["identity"] == {"country": "US", "entity_type": "individual"}
    (payment,) = sent_payments(stripe_side)
    assert payment["metadata"] == {"reunify_disbursement": str(reference), "env": "test", "schema": "1"}
    assert payment["statement_descriptor"] == "FAMILY SVC"
    assert payment["recipient_notification"] == {"setting": "none"}
    assert "description" not in payment


def test_without_consent_stripe_learns_nothing(gateway: StripeGateway, stripe_side: Running) -> None:
    mother = payee()
    other = for_stripe(uuid4(), payee=mother.id)
    with pytest.raises(ConsentMissing):
        gateway.ensure_recipient(mother, other)
    with pytest.raises(ConsentMissing):
        gateway.ensure_recipient(
            mother, for_stripe(mother.request_id, payee=mother.id, what=Told.TRAVEL_DETAILS)
        )
    with pytest.raises(ConsentMissing):  # the same request and the same key, and another version of the payee
        gateway.ensure_recipient(mother, for_stripe(mother.request_id, payee=uuid4()))
    with pytest.raises(ConsentMissing):
        gateway.prepare(PaymentOrder(uuid4(), "acct_1", Money(100), PERMIT, uuid4()))
    for tells in (gateway.log_reference, gateway.bank_details_link):
        said = (
            {"reference": uuid4()} if tells == gateway.log_reference else {"return_to": "http://127.0.0.1:1"}
        )
        with pytest.raises(ConsentMissing):
            tells(recipient="acct_1", permit=PERMIT, payee=uuid4(), **said)  # type: ignore[operator]
    with pytest.raises(ConsentMissing):
        make_known(gateway, payee(email=None))
    assert stripe_side.bank.store.all("account") == []


def test_the_same_payee_is_made_once(gateway: StripeGateway, stripe_side: Running) -> None:
    mother = payee()
    first = make_known(gateway, mother)
    assert make_known(gateway, mother) == first
    assert len(stripe_side.bank.store.all("account")) == 1


@pytest.mark.parametrize("fault", ["lose_response", "truncate"])
def test_a_lost_answer_and_the_same_key_make_one_payment(
    gateway: StripeGateway, stripe_side: Running, fault: str
) -> None:
    params, _ = ready_order(gateway)
    stripe_side.faults.order(fault)
    assert isinstance(gateway.send(params, key=TRY), Unclear)
    again = known(gateway.send(params, key=TRY))
    assert [p["id"] for p in sent_payments(stripe_side)] == [again.id]


def test_a_500_is_unclear_and_the_same_key_works_later(gateway: StripeGateway, stripe_side: Running) -> None:
    params, _ = ready_order(gateway)
    stripe_side.faults.order("error_500")
    assert isinstance(gateway.send(params, key=TRY), Unclear)
    known(gateway.send(params, key=TRY))
    assert len(sent_payments(stripe_side)) == 1


def test_each_send_is_one_http_call_so_that_no_unclear_try_is_hidden(
    gateway: StripeGateway, stripe_side: Running
) -> None:
    params, _ = ready_order(gateway)
    stripe_side.faults.order("error_500", times=2)
    assert isinstance(gateway.send(params, key=TRY), Unclear)
    assert isinstance(gateway.send(params, key=TRY), Unclear)
    known(gateway.send(params, key=TRY))


def test_turned_away_at_the_door_is_not_a_try(gateway: StripeGateway, stripe_side: Running) -> None:
    params, _ = ready_order(gateway)
    stripe_side.faults.order("error_429")
    assert isinstance(gateway.send(params, key=TRY), NotTried)
    assert sent_payments(stripe_side) == []


def test_a_late_commit_answers_in_use_and_then_exists_once(stripe_side: Running) -> None:
    impatient = gateway_to(stripe_side.url, read_seconds=0.3)
    params, _ = ready_order(impatient)
    stripe_side.faults.order("late_commit", seconds=0.8)
    assert isinstance(impatient.send(params, key=TRY), Unclear)
    assert sent_payments(stripe_side) == []  # looking would show nothing; a new key would pay twice
    assert impatient.send(params, key=TRY) == Unclear("idempotency_key_in_use")
    time.sleep(0.7)
    known(impatient.send(params, key=TRY))
    assert len(sent_payments(stripe_side)) == 1
    impatient.close()


def test_no_money_is_a_definite_no(gateway: StripeGateway, stripe_side: Running) -> None:
    params, _ = ready_order(gateway, cents=250_000_01)
    assert gateway.send(params, key=TRY) == NotSent("insufficient_funds")
    assert sent_payments(stripe_side) == []


def test_an_unknown_recipient_is_a_definite_no(gateway: StripeGateway) -> None:
    params = gateway.prepare(PaymentOrder(uuid4(), "acct_nobody", Money(100), PERMIT, PAYEE))
    assert gateway.send(params, key=TRY) == NotSent("resource_missing")


def test_a_key_with_other_parameters_is_our_own_fault(gateway: StripeGateway, stripe_side: Running) -> None:
    params, _ = ready_order(gateway)
    known(gateway.send(params, key=TRY))
    other = {**params, "amount": {"value": 1, "currency": "usd"}}
    assert isinstance(gateway.send(other, key=TRY), Misused)
    assert len(sent_payments(stripe_side)) == 1


def test_eight_workers_with_one_key_make_one_payment(gateway: StripeGateway, stripe_side: Running) -> None:
    params, _ = ready_order(gateway)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: gateway.send(params, key=TRY), range(16)))
    assert {type(o) for o in outcomes} <= {Known, Unclear}
    assert len(sent_payments(stripe_side)) == 1


def test_nobody_listening_is_unclear_and_reading_says_try_again() -> None:
    nowhere = gateway_to("http://127.0.0.1:9")
    params = nowhere.prepare(PaymentOrder(uuid4(), "acct_1", Money(100), PERMIT, PAYEE))
    assert isinstance(nowhere.send(params, key=TRY), Unclear)
    nowhere._client._requestor._options.max_network_retries = 0
    with pytest.raises(GatewayUnavailable):
        nowhere.look_up("obp_test_1")
    nowhere.close()


def test_free_text_is_stopped_before_it_leaves(gateway: StripeGateway, stripe_side: Running) -> None:
    params, _ = ready_order(gateway)
    with pytest.raises(NotForStripe):
        gateway.send({**params, "description": "for the boy's bus"}, key=TRY)
    assert sent_payments(stripe_side) == []


def test_an_unknown_payment_is_not_found(gateway: StripeGateway) -> None:
    with pytest.raises(NotFound):
        gateway.look_up("obp_test_nothing")


def test_a_failed_payment_gives_the_money_back_and_its_reason(
    gateway: StripeGateway, stripe_side: Running
) -> None:
    params, _ = ready_order(gateway)
    payment = known(gateway.send(params, key=TRY))
    stripe_side.bank.fail(payment.id)
    found = gateway.look_up(payment.id)
    assert (found.status, found.reason) == (Status.FAILED, "payout_method_declined")
    assert gateway.balance().held == Money(OPENING_CENTS)


def test_a_returned_payment_comes_back_as_a_movement_of_its_own(
    gateway: StripeGateway, stripe_side: Running
) -> None:
    params, _ = ready_order(gateway)
    payment = known(gateway.send(params, key=TRY))
    stripe_side.bank.settle(payment.id)
    stripe_side.bank.give_back(payment.id)
    assert gateway.look_up(payment.id).status is Status.RETURNED
    mine = [m for m in gateway.movements(since=None) if m.payment == payment.id]
    assert {(m.category, m.amount.cents) for m in mine} == {
        ("outbound_payment", -40_000),
        ("outbound_payment_reversal", 40_000),
    }


def test_a_canceled_payment_cannot_be_canceled_again(gateway: StripeGateway) -> None:
    params, _ = ready_order(gateway)
    payment = known(gateway.send(params, key=TRY))
    service = gateway._client.v2.money_management.outbound_payments
    assert service.cancel(payment.id).status == "canceled"
    with pytest.raises(stripe.AlreadyCanceledError):
        service.cancel(payment.id)


def test_a_reference_is_noted_on_the_recipient(gateway: StripeGateway, stripe_side: Running) -> None:
    recipient = make_known(gateway, payee())
    reference = uuid4()
    gateway.log_reference(recipient=recipient.id, reference=reference, permit=PERMIT, payee=PAYEE)
    assert stripe_side.bank.account(recipient.id)["metadata"]["reunify_disbursement"] == str(reference)


def test_bank_details_are_typed_on_stripes_page(tmp_path: Path) -> None:
    with running(Options(data=tmp_path, settle_after=None, banks_ready=False)) as simulator:
        gateway = gateway_to(simulator.url)
        mother = payee()
        recipient = make_known(gateway, mother)
        assert not recipient.ready
        params = gateway.prepare(PaymentOrder(uuid4(), recipient.id, Money(100), PERMIT, PAYEE))
        assert gateway.send(params, key=TRY) == NotSent("invalid_payout_method")
        link = gateway.bank_details_link(
            recipient=recipient.id, return_to="http://127.0.0.1:1/back", permit=PERMIT, payee=PAYEE
        )
        assert call("GET", link)[0] == 200
        status, headers, _ = call("POST", link, b"routing=110000000&account=000123456789")
        assert (status, headers["location"]) == (303, "http://127.0.0.1:1/back")
        assert b"000123456789" not in b"".join(p.read_bytes() for p in tmp_path.iterdir())
        assert make_known(gateway, payee(stripe_recipient=recipient.id)).ready
        gateway.close()


def test_lists_are_paged_and_filtered(gateway: StripeGateway, stripe_side: Running) -> None:
    recipient = make_known(gateway, payee()).id
    for number in range(5):
        known(
            gateway.send(
                gateway.prepare(PaymentOrder(uuid4(), recipient, Money(100), PERMIT, PAYEE)),
                key=f"{TRY}{number}",
            )
        )
    client = stripe.StripeClient(  # asks what our own door never lets through
        KEY, base_addresses={"api": stripe_side.url}, stripe_version=API_VERSION
    )
    service = client.v2.money_management.outbound_payments
    page = service.list({"limit": 2, "recipient": recipient, "status": ["processing"]})
    assert len(page.data) == 2
    assert len({p.id for p in page.auto_paging_iter()}) == 5
    assert service.list({"recipient": "acct_other"}).data == []
    assert len(client.v2.money_management.financial_accounts.list().data) == 1


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    with running(Options(data=tmp_path, settle_after=None)) as before:
        gateway = gateway_to(before.url)
        params, _ = ready_order(gateway)
        payment = known(gateway.send(params, key=TRY))
        gateway.close()
    with running(Options(data=tmp_path, settle_after=None)) as after:
        gateway = gateway_to(after.url)
        assert known(gateway.send(params, key=TRY)).id == payment.id
        assert gateway.balance().outbound_pending == Money(40_000)
        gateway.close()


def test_without_a_key_with_a_live_key_or_to_an_unknown_address_the_simulator_refuses(
    stripe_side: Running,
) -> None:
    where = stripe_side.url + "/v2/money_management/outbound_payments"
    assert post(where)[0] == 401
    assert post(where, Authorization="Bearer sk_live_1")[2]["error"]["code"] == "live_key"
    status, _, body = call("GET", stripe_side.url + "/v2/nothing", Authorization=f"Bearer {KEY}")
    assert (status, body["error"]["code"]) == (404, "unrecognized_url")
    status, _, body = call("GET", where + "?metadata=x", Authorization=f"Bearer {KEY}")
    assert (status, body["error"]["code"]) == (400, "parameter_unknown")


def test_every_answer_names_its_request_and_version_and_says_when_it_repeats_itself(
    stripe_side: Running,
) -> None:
    where = stripe_side.url + "/v2/core/accounts"
    body = json.dumps(
        {
            "contact_email": "a@example.org",
            "display_name": "A",
            "identity": {"country": "US", "entity_type": "company"},
            "configuration": {"recipient": {"capabilities": {"bank_accounts": {"ach": {"requested": True}}}}},
        }
    ).encode()
    sent = {"Authorization": f"Bearer {KEY}", "Stripe_Version": "2026-10-28.endive", "Idempotency_Key": "k"}
    _, first, made = post(where, body, **sent)
    _, second, again = post(where, body, **sent)
    assert first["request-id"].startswith("req_")
    assert first["stripe-version"] == "2026-10-28.endive"
    assert second["idempotent-replayed"] == "true"
    assert second["original-request"] == first["request-id"]
    assert made == again
    assert made["livemode"] is False
    unknown = post(where, b'{"nickname": "x"}', Authorization=f"Bearer {KEY}")
    assert unknown[0] == 400


def test_another_host_name_is_refused(stripe_side: Running) -> None:
    assert call("GET", stripe_side.url + "/", Host="evil.example")[0] == 400


def test_the_control_plane_settles_fails_returns_and_refuses_nonsense(
    gateway: StripeGateway, stripe_side: Running
) -> None:
    params, _ = ready_order(gateway)
    payment = known(gateway.send(params, key=TRY))
    control = f"{stripe_side.url}/_control"
    assert post(f"{control}/payments/{payment.id}/delay", b'{"seconds": 60}')[0] == 200
    assert post(f"{control}/payments/{payment.id}/settle")[0] == 200
    assert post(f"{control}/payments/{payment.id}/fail")[0] == 400
    assert post(f"{control}/payments/{payment.id}/return", b'{"reason": "because"}')[0] == 400
    assert post(f"{control}/payments/{payment.id}/return")[2]["status"] == "returned"
    assert post(f"{control}/faults", b'{"kind": "earthquake"}')[0] == 400


def test_a_person_sees_balance_and_payments_on_a_page_without_scripts(
    gateway: StripeGateway, stripe_side: Running
) -> None:
    make_known(gateway, payee(legal_name="<b>Ana</b>", key="x"))
    params, _ = ready_order(gateway)
    payment = known(gateway.send(params, key=TRY))
    to = urlsplit(stripe_side.url)
    wire = http.client.HTTPConnection(to.hostname or "", to.port)
    wire.request("GET", "/")
    html = wire.getresponse().read().decode()
    wire.close()
    assert payment.id in html
    assert "$400.00" in html
    assert "<script" not in html
    assert "<b>Ana" not in html


def test_payments_settle_by_themselves_after_a_short_while(tmp_path: Path) -> None:
    with running(Options(data=tmp_path, settle_after=0.1)) as simulator:
        gateway = gateway_to(simulator.url)
        params, _ = ready_order(gateway)
        payment = known(gateway.send(params, key=TRY))
        assert eventually(lambda: gateway.look_up(payment.id).status is Status.POSTED)
        gateway.close()


def test_events_are_signed_repeated_until_taken_and_carry_our_key(tmp_path: Path) -> None:
    with mailbox(refuse_first=2) as box:
        options = Options(data=tmp_path, webhook_url=box.url, secret="whsec_1", retry_after=0.05)
        with running(options) as simulator:
            gateway = gateway_to(simulator.url)
            params, _ = ready_order(gateway)
            payment = known(gateway.send(params, key=TRY))
            wanted = "v2.money_management.outbound_payment."
            assert eventually(lambda: any(e["type"] == wanted + "posted" for e in box.taken()))
            assert eventually(lambda: simulator.bank.store.undelivered() == 0)
            created = next(e for e in box.taken() if e["type"] == wanted + "created")
            assert created["reason"]["request"]["idempotency_key"] == TRY
            assert created["related_object"]["id"] == payment.id
            assert "amount" not in json.dumps(created)
            note = gateway._client.parse_event_notification(box.raw[-1], box.signatures[-1], "whsec_1")
            assert note.id.startswith("evt_test_")
            gateway.close()


def test_the_command_line_starts_it_and_refuses_the_outside_world(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reunify.sandbox.stripe_simulator", "--data", str(tmp_path)]
    refused = subprocess.run([*command, "--host", "0.0.0.0"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "is not this machine" in refused.stderr
    with socketserver.TCPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = free.server_address[1]
    process = subprocess.Popen([*command, "--port", str(port), "--webhook-url", "http://127.0.0.1:9/h"])
    try:
        health = f"http://127.0.0.1:{port}/_control/health"
        assert eventually(lambda: answers(health), seconds=10)
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(url: str) -> bool:
    try:
        return call("GET", url)[0] == 200
    except OSError:
        return False


def eventually(true: Callable[[], bool], *, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


class Mailbox:
    """Where events arrive; turns the first few away, so that they are sent again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.raw: list[bytes] = []
        self.signatures: list[str] = []

    def taken(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for raw in list(self.raw)]


@contextmanager
def mailbox(*, refuse_first: int = 0) -> Iterator[Mailbox]:
    left = [refuse_first]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            left[0] -= 1
            if left[0] < 0:
                box.signatures.append(self.headers["Stripe-Signature"])
                box.raw.append(body)
            self.send_response(500 if left[0] >= 0 else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box = Mailbox(f"http://127.0.0.1:{server.server_address[1]}/hook")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield box
        server.shutdown()
