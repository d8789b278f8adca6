"""`make readability`: how easily all that families read is read, as a table in docs/readability.md."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from reunify.documents import readability
from reunify.documents.readability import Measured
from reunify.intake.form import Language
from reunify.web import family_texts

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "readability.md"
_HEAD = f"""# How easily families read us

Made by `make readability`; a test keeps the limits. Each row is all the sentences of one kind of text as one.
Numbers, codes and addresses are no words. What has fewer than {readability.SHORTEST} words is a label and is
left out. A blank that is filled in counts as one name. Syllables are counted by rule.

* English: at most grade {readability.MOST_GRADE:.0f} (Flesch-Kincaid).
* Spanish, Fernández-Huerta: at least {readability.LEAST_HUERTA:.0f}.
* Spanish, INFLESZ: at least {readability.LEAST_INFLESZ:.0f}, where "bastante fácil" begins.
* No sentence of more than {readability.LONGEST} words in either language.

| What | Language | Sentences | Words a sentence | Longest | Grade | Fernández-Huerta | INFLESZ |
|---|---|---:|---:|---:|---:|---:|---:|
"""


def measured() -> dict[tuple[str, Language], Measured]:
    """Each kind of text in each language."""
    told: dict[tuple[str, Language], list[str]] = defaultdict(list)
    for stands in family_texts.every(ROOT / "document_templates"):
        if stands.about != "spelling":
            told[stands.about, stands.language].append(stands.text)
    found = {key: readability.measure(texts, key[1]) for key, texts in told.items()}
    return {key: one for key, one in sorted(found.items()) if one is not None}


def _row(about: str, language: Language, one: Measured) -> str:
    english = language == "en"
    scores = [f"{one.grade:.1f}", "", ""] if english else ["", f"{one.huerta:.0f}", f"{one.inflesz:.0f}"]
    said = "English" if english else "Spanish"
    cells = [
        about.replace("_", " "),
        said,
        str(one.sentences),
        f"{one.words_a_sentence:.1f}",
        str(one.longest),
    ]
    return "| " + " | ".join([*cells, *scores]) + " |"


def table() -> str:
    """The whole file."""
    rows = (_row(about, language, one) for (about, language), one in measured().items())
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
    print(f"{FILE.relative_to(ROOT)} is written")  # noqa: T201
