"""Recipients: their accounts, the page where they give bank details, and where they are paid."""

from __future__ import annotations

from datetime import timedelta

from reunify.sandbox.stripe_simulator import shapes, wire
from reunify.sandbox.stripe_simulator.problems import Asked, Problem, invalid
from reunify.sandbox.stripe_simulator.side import Side
from reunify.sandbox.stripe_simulator.store import Store, Thing, stamp

_ACCOUNTS = "/v2/core/accounts"
_METHODS = "/v2/money_management/payout_methods"
_CAPABILITY = "v2.core.account[configuration.recipient].capability_status_updated"
STATUSES = ("active", "pending", "restricted", "unsupported")


class Recipients(Side):
    """`banks_ready`: a new recipient can be paid at once; otherwise the hosted page comes first."""

    def __init__(self, store: Store, *, delivers: bool, banks_ready: bool) -> None:
        super().__init__(store, delivers=delivers)
        self.banks_ready = banks_ready
        self.base = ""

    def create_account(self, asked: wire.AccountCreate, by: Asked) -> Thing:
        account = shapes.account(asked, ready=self.banks_ready, at=self.clock.now())
        with self.store.work():
            self.store.put("account", account)
            self._announce("v2.core.account.created", account, _ACCOUNTS, by)
            if self.banks_ready:
                self._new_method(account["id"])
        return shapes.shown(account, list(asked.include))

    def update_account(self, id_: str, asked: wire.AccountUpdate, by: Asked) -> Thing:
        with self.store.work():
            account = self.found("account", id_)
            account["metadata"] = merged(account["metadata"], asked.metadata)
            account["contact_email"] = asked.contact_email or account["contact_email"]
            account["display_name"] = asked.display_name or account["display_name"]
            self.store.put("account", account)
        return shapes.shown(account, list(asked.include))

    def account(self, id_: str) -> Thing:
        return self.found("account", id_)

    def create_link(self, asked: wire.AccountLinkCreate) -> Thing:
        self.found("account", asked.account)
        if getattr(asked.use_case, asked.use_case.type) is None:
            raise invalid(f"use_case.{asked.use_case.type}", code="parameter_missing")
        now = self.clock.now()
        link = shapes.account_link(asked, base=self.base, expires=stamp(now + timedelta(minutes=10)), at=now)
        self.store.put("link", link)
        return {k: v for k, v in link.items() if k != "id"}

    def collect_bank_details(self, account_id: str) -> None:
        """The recipient typed account and routing number on the hosted page; we keep neither.

        Done again, it is another bank account: the payout method before it is archived.
        """
        with self.store.work():
            account = self.found("account", account_id)
            accounts = _networks(account)
            for network in accounts:
                accounts[network] = shapes.capability(ready=True)
            self.store.put("account", account)
            self._new_method(account_id)
            self._announce(_CAPABILITY, account, _ACCOUNTS, None)

    def set_capability(self, account_id: str, network: str, status: str) -> Thing:
        """As Stripe finds out later that a bank cannot be reached that way, or can."""
        if status not in STATUSES:
            raise invalid(f"status: one of {', '.join(STATUSES)}")
        with self.store.work():
            account = self.found("account", account_id)
            if network not in _networks(account):
                raise invalid("network: it was not requested for this recipient")
            _networks(account)[network] = shapes.capability_as(status)
            self.store.put("account", account)
            self._announce(_CAPABILITY, account, _ACCOUNTS, None)
        return account

    # where they are paid --------------------------------------------------------------------------
    def payout_methods(self, account_id: str) -> list[Thing]:
        """Newest first, archived ones too."""
        self.found("account", account_id)
        return self.store.concerning("payout_method", account_id)[::-1]

    def _new_method(self, account_id: str) -> Thing:
        for before in self.store.concerning("payout_method", account_id):
            if not before["archived"]:
                self.store.put("payout_method", {**before, "archived": True})
        made = shapes.payout_method(at=self.clock.now())
        self.store.put("payout_method", made, about=account_id)
        self._announce("v2.money_management.payout_method.created", made, _METHODS, None)
        return made

    def _method_for(self, asked: wire.To) -> str:
        """Raises Problem unless the recipient can be paid, by the ways and at the place asked for."""
        account = self.found("account", asked.recipient)
        networks = _networks(account)
        ways = asked.payout_method_options and asked.payout_method_options.bank_account
        preferred: list[str] = list((ways and ways.preferred_networks) or networks)
        if not any(c["status"] == "active" for c in networks.values()):
            refused = "invalid_payout_method"
            raise Problem(400, refused, refused, "The recipient has no payout method")
        if not any(networks.get(n, {}).get("status") == "active" for n in preferred):
            refused = "capability_not_enabled"
            raise Problem(400, refused, refused, "The recipient's bank cannot be reached this way")
        open_ones = [m for m in self.payout_methods(asked.recipient) if not m["archived"]]
        if asked.payout_method is not None:
            open_ones = [m for m in open_ones if m["id"] == asked.payout_method]
            if not open_ones:
                refused = "invalid_payout_method"
                raise Problem(400, refused, refused, "No such payout method, or it is archived")
        chosen = open_ones[0] if open_ones else self._new_method(asked.recipient)
        return str(chosen["id"])


def merged(metadata: Thing, said: dict[str, str | None] | None) -> Thing:
    """Named keys are set; those set to nothing are gone."""
    kept = dict(metadata)
    for name, value in (said or {}).items():
        kept.pop(name, None)
        if value:
            kept[name] = value
    return kept


def _networks(account: Thing) -> Thing:
    networks: Thing = account["configuration"]["recipient"]["capabilities"]["bank_accounts"]
    return networks
