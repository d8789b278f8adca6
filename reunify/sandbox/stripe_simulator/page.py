"""What a person sees: the balance, the payments, and the page where a recipient gives bank details."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from reunify.sandbox.stripe_simulator.store import Thing

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def leading_to(address: str | None) -> dict[str, str]:
    """As SECURITY, for a page whose form leads on to another site's address: browsers refuse that else."""
    if address is None:
        return SECURITY
    name, there = "Content-Security-Policy", urlsplit(address)
    may = f"form-action 'self' {there.scheme}://{there.netloc};"
    return SECURITY | {name: SECURITY[name].replace("form-action 'self';", may)}


_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
body{{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}}
.sandbox{{background:#7a3b00;color:#fff;padding:.25rem .75rem;border-radius:.25rem}}
table{{border-collapse:collapse;width:100%}}
th,td{{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ccc}}
.money{{text-align:right;font-variant-numeric:tabular-nums}}
form.act{{display:inline-block;margin-right:.5rem}}
dl{{display:flex;flex-wrap:wrap;gap:.5rem 3rem}}dd{{margin:0;font-size:1.5rem}}
.sideways{{overflow-x:auto}}form{{margin-bottom:1rem}}form.act{{margin-bottom:.25rem}}
label{{display:block;margin:.75rem 0}}
input,select{{font:inherit;padding:.4rem;max-width:100%}}button{{font:inherit;padding:.5rem 1rem}}
</style></head><body><p><strong class="sandbox">Sandbox: no real money</strong></p>"""


def _money(cents: int) -> str:
    dollars, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${dollars:,}.{rest:02d}"


def _button(where: str, token: str, said: str) -> str:
    return (
        f'<form class="act" method="post" action="{escape(where)}">'
        f'<input type="hidden" name="token" value="{escape(token)}"><button>{said}</button></form>'
    )


_MAY = {
    "processing": (("settle", "Settle"), ("fail", "Fail")),
    "posted": (("return", "Return"),),
}


def _payments(payments: list[Thing], names: dict[str, str], token: str) -> str:
    rows = "".join(
        "<tr>"
        f"<td><code>{escape(p['id'])}</code></td>"
        f"<td>{escape(names.get(p['to']['recipient'], ''))}</td>"
        f'<td class="money">{_money(p["amount"]["value"])}</td>'
        f"<td>{escape(p['status'])}</td>"
        f"<td>{escape(p['created'])}</td><td>"
        + "".join(
            _button(f"/_page/payments/{p['id']}/{act}", token, said)
            for act, said in _MAY.get(p["status"], ())
        )
        + "</td></tr>"
        for p in payments
    )
    heads = "".join(f"<th>{name}</th>" for name in ("Payment", "To", "Amount", "Status", "Created", "Do"))
    return (
        f'<div class="sideways"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
        if rows
        else "<p>No payments yet.</p>"
    )


def _cards(cards: list[tuple[Thing, int]]) -> str:
    rows = "".join(
        f'<tr><td><a href="/issuing/cards/{escape(c["id"])}">ending {escape(c["last4"])}</a></td>'
        f"<td>{escape(c['status'])}</td>"
        f'<td class="money">{_money(used)}</td></tr>'
        for c, used in cards
    )
    head = '<tr><th>Card</th><th>Status</th><th class="money">Used</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else "<p>No cards yet.</p>"


def _top_up(account: str, token: str) -> str:
    return (
        f'<form method="post" action="/_page/topups/{account}">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        '<label>Dollars and cents <input name="dollars" inputmode="decimal" placeholder="500.00"></label>'
        f"<button>Top up the {account} balance</button></form>"
    )


def overview(
    account: Thing,
    payments: list[Thing],
    names: dict[str, str],
    undelivered: int,
    *,
    cards: list[tuple[Thing, int]],
    card_cents: int,
    token: str,
) -> str:
    """The first page: both balances, every payment (newest first) with what can be done to it, every card.

    `token`: proves that a button pressed was one of this page's.
    """
    balance = account["balance"]
    return (
        _HEAD.format(title="Stripe simulator")
        + "<h1>Stripe simulator</h1><dl>"
        + f"<div><dt>Available</dt><dd>{_money(balance['available']['usd']['value'])}</dd></div>"
        + f"<div><dt>On its way out</dt><dd>{_money(balance['outbound_pending']['usd']['value'])}</dd></div>"
        + f"<div><dt>For cards</dt><dd>{_money(card_cents)}</dd></div>"
        + f"<div><dt>Events not yet delivered</dt><dd>{undelivered}</dd></div></dl>"
        + _top_up("payout", token)
        + _top_up("card", token)
        + f"<h2>Payments</h2>{_payments(payments, names, token)}"
        + f"<h2>Cards</h2>{_cards(cards)}</body></html>"
    )


def bank_details(link: str) -> str:
    """The stand-in for Stripe's hosted form. What is typed here is thrown away."""
    return (
        _HEAD.format(title="Your bank details")
        + "<h1>Your bank details</h1><p>On the real page the numbers go to Stripe, not to us.</p>"
        + f'<form method="post" action="/hosted/bank_details/{escape(link)}">'
        + '<label>Routing number <input name="routing" inputmode="numeric" autocomplete="off"></label>'
        + '<label>Account number <input name="account" inputmode="numeric" autocomplete="off"></label>'
        + "<button>Save</button></form></body></html>"
    )


def card(card: Thing, used: int) -> str:
    """The stand-in for Stripe's own page of a card: its number is invented here and nowhere kept."""
    limit = sum(one["amount"] for one in card["spending_controls"]["spending_limits"])
    categories = card["spending_controls"]["allowed_categories"] or []
    choices = "".join(f"<option>{escape(name)}</option>" for name in categories)
    return (
        _HEAD.format(title="A virtual card")
        + "<h1>A virtual card</h1><p>Only here is the number shown; it is invented.</p><dl>"
        + f"<div><dt>Number</dt><dd>4000 0099 9000 {escape(card['last4'])}</dd></div>"
        + f"<div><dt>Expires</dt><dd>{card['exp_month']:02d}/{card['exp_year']}</dd></div>"
        + f"<div><dt>Status</dt><dd>{escape(card['status'])}</dd></div></dl>"
        + f"<p>{_money(used)} of {_money(limit)} is used.</p>"
        + f'<form method="post" action="/issuing/cards/{escape(card["id"])}"><h2>Pay with it</h2>'
        + '<label>Dollars and cents <input name="dollars" inputmode="decimal" placeholder="312.40"></label>'
        + f'<label>Sold by <select name="category">{choices}</select></label>'
        + "<button>Pay</button></form></body></html>"
    )


def said(title: str, sentence: str) -> str:
    return (
        _HEAD.format(title=escape(title)) + f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p></body></html>"
    )
