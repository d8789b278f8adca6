"""The page a person looks at: every phone with what it received, the newest first."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from reunify.sandbox.phones.book import Book, Sent

_LINK: Final = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9/_-]*")
_HEAD: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>The sandbox's phones</title><style>
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
.sandbox{background:#7a3b00;color:#fff;padding:.25rem .75rem;border-radius:.25rem}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:1rem}
section{border:1px solid #888;border-radius:1rem;padding:1rem}
h2{font-size:1.1rem;margin:0 0 .5rem}
li{list-style:none;background:#eef3f8;border-radius:.5rem;padding:.5rem .75rem;margin:.5rem 0}
ul{padding:0;margin:0}small{color:#555}
</style></head><body><p><strong class="sandbox">Sandbox: nothing is really sent</strong></p>
<h1>The sandbox's phones</h1>"""


def phones(book: Book) -> str:
    numbers = dict.fromkeys(m.to for m in reversed(book.messages))
    if not numbers:
        return _HEAD + "<p>No phone has rung yet.</p></body></html>"
    shown = "".join(_phone(number, book.to(number)) for number in numbers)
    return f"{_HEAD}<main>{shown}</main></body></html>"


def _phone(number: str, received: list[Sent]) -> str:
    return f"<section><h2>{escape(number)}</h2><ul>{''.join(map(_line, reversed(received)))}</ul></section>"


def _line(message: Sent) -> str:
    how = "Call" if message.channel == "call" else "Text"
    words = _LINK.sub(lambda m: f'<a href="{m[0]}">{m[0]}</a>', escape(message.body))
    return f"<li>{words}<br><small>{how}, {message.at:%H:%M:%S} UTC</small></li>"
