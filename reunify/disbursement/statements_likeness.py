"""Whether a bill is of the vendor we booked with: names are written in many ways. Pure."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

# How a company is registered says nothing about which it is.
_FORMS = frozenset(
    {
        "and",
        "co",
        "company",
        "corp",
        "corporation",
        "inc",
        "incorporated",
        "limited",
        "llc",
        "lp",
        "ltd",
        "the",
    }
)
_WORD = re.compile(r"[^\W_]+")


def is_same_vendor(billed: str, booked: str) -> bool:
    """`PRAIRIE AIR, LLC` is `Prairie Air`, and so is `Prairie Air Cargo`; `Prairie Hotel` is not.

    All words of the shorter name are in the longer one, or the names are the same letters. A booking without
    a name is anybody's.
    """
    bill, ours = _words(billed), _words(booked)
    if not ours:
        return True
    if not bill:
        return False
    return set(bill) <= set(ours) or set(ours) <= set(bill) or "".join(bill) == "".join(ours)


def _words(name: str) -> list[str]:
    """Without accents and apostrophes; the legal form alone is a name as well."""
    plain = "".join(one for one in normalize("NFKD", name.casefold()) if not combining(one))
    words = _WORD.findall(plain.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))
    return [word for word in words if word not in _FORMS] or words
