"""What the form of a rule file asks for, each field named by its place in the file. Pure."""

from __future__ import annotations

from reunify.rates.fields import Dictionary
from reunify.rules.model import FORMS, KINDS, UNITS
from reunify.rules.readable import HITS_IN_WORDS, KINDS_IN_WORDS, category_in_words
from reunify.rules.reading import CATEGORIES
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.rules_document import DAYS


def _choose(pairs: Options) -> Options:
    return (("", "Choose"), *pairs)


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


_YES_NO: Options = (("", "Choose"), ("yes", "Yes"), ("no", "No"))
_UNIT_WORDS = {"cents": "Money", "night": "Hotel nights", "mile": "Miles or points"}
FORM_WORDS = {
    "require": "All of these must hold",
    "require_any": "At least one group must hold",
    "deny_if": "Refuse when all of these hold",
    "decide_by": "A member of staff decides",
}
_CONFIDENCE_WORDS = {
    "HIGH": "High: it may refuse",
    "MEDIUM": "Medium: it asks staff, and never refuses",
    "UNVERIFIED": "Unverified: only as a plain staff decision",
}
_KINDS = tuple((kind, _first(KINDS_IN_WORDS[kind])) for kind in KINDS)
_HITS = tuple((hit, _first(words)) for hit, words in HITS_IN_WORDS.items())
_SURE = (("", "Choose"), *_CONFIDENCE_WORDS.items())


def cite_fields(under: str) -> tuple[Field, ...]:
    """Where a rule is written, so that anyone can look it up."""
    return (
        Field(f"{under}/doc", "Document", hint="Its whole name", needed=True),
        Field(f"{under}/at", "Where in it", hint="Section, rule or page", needed=True),
        Field(f"{under}/link", "Link", hint="Optional; https://"),
    )


def _both(path: str, label: str, kind: str = "long", *, needed: bool = True) -> tuple[Field, ...]:
    wide = kind == "long"
    return tuple(
        Field(f"{path}/{code}", f"{label} ({name})", "long" if wide else "text", needed=needed)
        for code, name in (("en", "English"), ("es", "Spanish"))
    )


def _dates(needed: bool) -> tuple[Field, ...]:
    own = "" if needed else "Empty: as the whole version says"
    return (
        Field(
            "verified_on",
            "Checked on",
            "date",
            own or "The day somebody last read the sources",
            needed=needed,
        ),
        Field("review_by", "To be read again by", "date", own, needed=needed),
    )


def about_fields(dictionary: Dictionary) -> tuple[Field, ...]:
    """The source, and from when its rules count."""
    dates = tuple((f.name, f.label.en) for f in dictionary.fields.values() if f.type == "date")
    return (
        Field("name", "Name staff read", needed=True),
        *_both("public_name", "Name families read", "text"),
        Field("kind", "Whose it is", "choice", options=_choose(_KINDS)),
        Field("effective/to", "Last day", "date", "Empty: until a newer version takes its place"),
        Field("effective/basis", "Which date decides", "choice", "Picks the version a trip is judged by",
              options=_choose(dates), needed=True),
        *_dates(needed=True),
        Field("organisation_set", "Set by your own organisation", "choice", options=_YES_NO, needed=True),
        Field("federal", "Federal money", "choice", "Empty means no", options=_YES_NO),
    )  # fmt: skip


OURS = (
    Field("unit", "Counted in", "choice", options=(("", "Choose"), *((u, _UNIT_WORDS[u]) for u in UNITS))),
    Field("pays", "What it may pay", "several", options=tuple((c, category_in_words(c)) for c in CATEGORIES)),
    Field("payer_order/tier", "Place in the order of payers", "whole", "1 to 999; lower pays first"),
    Field("payer_order/because", "Why there", "long"),
    *cite_fields("payer_order/cite"),
)
ELSEWHERE = (
    Field("card_only", "Only a card that a person reads", "choice", "Empty means no", options=_YES_NO),
    Field("loan", "A loan", "choice", "Empty means no. Shown last, and only when asked", options=_YES_NO),
    *_both("hand_off/staff", "What staff do next"),
    *_both("hand_off/family", "What the family is told"),
    Field("hand_off/deadline", "Deadline", needed=True),
    Field("hand_off/follow_up_days", "Follow up after (days)", "whole", "1 to 99; empty: no task"),
    Field("hand_off/phone", "Telephone"),
    Field("hand_off/form", "Form"),
    Field("hand_off/link", "Link"),
    *_both("hand_off/consequence", "What a loan costs the signer", needed=False),
    *cite_fields("hand_off/cite"),
)
REQUIREMENT = (
    Field("id", "Number", hint="Like DR-01", needed=True),
    Field("name", "Name", needed=True),
    Field("form", "How it works", "choice", options=tuple((f, FORM_WORDS[f]) for f in FORMS), needed=True),
    Field("confidence", "How sure we are", "choice", options=_SURE, needed=True),
    Field(DAYS, "May be attested; proof owed within (days)", "whole", "Empty: nobody may attest it"),
)  # fmt: skip
QUESTION = _both("question", "What staff are asked", needed=False)
CITE = cite_fields("cite")
SAY = (*_both("say/met", "When it is met"), *_both("say/not_met", "When it is not met"))
DATES = _dates(needed=False)
TABLE = (
    Field("id", "Name of the table", hint="Like DR-CAPS", needed=True),
    Field("hit", "When several rows match", "choice", options=_HITS, needed=True),
)  # fmt: skip
