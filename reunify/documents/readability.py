"""How easily a text is read: Flesch-Kincaid for English, Fernández-Huerta and INFLESZ for Spanish. Pure.

Flesch-Kincaid grade (Kincaid et al. 1975): 0.39 words/sentence + 11.8 syllables/word - 15.59.
Fernández-Huerta (1959, as corrected): 206.84 - 60 syllables/word - 1.02 words/sentence.
INFLESZ (Szigriszt-Pazos 1993, scale of Barrio 2007): 206.835 - 62.3 syllables/word - words/sentence.
The libraries that do this bring dictionaries under the GPL; syllables by rule are enough for a mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reunify.intake.form import Language

# English: as easy as plain-language guides ask of papers for everybody. Spanish: "bastante fácil" or better.
MOST_GRADE: Final = 6.0
LEAST_HUERTA: Final = 70.0
LEAST_INFLESZ: Final = 65.0
LONGEST: Final = 22  # words of one sentence, in both languages
SHORTEST: Final = 4  # words: what has fewer is a label, and would make the rest look easier than it is

_BLANK: Final = re.compile(r"\{[^{}]*\}|\(…\)")
_DOTTED: Final = re.compile(r"\b([ap])\.\s?m\.|\b(ext|Mr|Mrs|Sr|Sra|St)\.", re.IGNORECASE)
_ENDS: Final = re.compile(r"(?<=[.!?])[\s”»\"')]+|\n+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENGLISH: Final = re.compile(r"[aeiouy]+")
_SILENT: Final = re.compile(r"(?:[^aeiouyl]|[aeiouy]l)e$|[^aeioutdy]ed$|[^aeiouycgszhx]es$")


@dataclass(frozen=True, slots=True)
class Measured:
    """`sentences` of at least four words; numbers and codes are no words."""

    language: Language
    sentences: int
    words: int
    syllables: int
    longest: int
    longest_is: str

    @property
    def words_a_sentence(self) -> float:
        return self.words / self.sentences

    @property
    def grade(self) -> float:
        """Flesch-Kincaid: the school year."""
        return 0.39 * self.words_a_sentence + 11.8 * self.syllables / self.words - 15.59

    @property
    def huerta(self) -> float:
        return 206.84 - 60 * self.syllables / self.words - 1.02 * self.words_a_sentence

    @property
    def inflesz(self) -> float:
        return 206.835 - 62.3 * self.syllables / self.words - self.words_a_sentence

    def too_hard(self) -> list[str]:
        """What is beyond the limits, in words; empty when none is."""
        found = []
        if self.language == "en" and self.grade > MOST_GRADE:
            found.append(f"grade {self.grade:.1f}, at most {MOST_GRADE}")
        if self.language == "es" and self.huerta < LEAST_HUERTA:
            found.append(f"Fernández-Huerta {self.huerta:.0f}, at least {LEAST_HUERTA:.0f}")
        if self.language == "es" and self.inflesz < LEAST_INFLESZ:
            found.append(f"INFLESZ {self.inflesz:.0f}, at least {LEAST_INFLESZ:.0f}")
        if self.longest > LONGEST:
            found.append(f"{self.longest} words in one sentence, at most {LONGEST}: {self.longest_is}")
        return found


def measure(texts: Iterable[str], language: Language) -> Measured | None:
    """All the texts as one. None where there is no whole sentence. A blank to be filled is one name."""
    told = [(said, _WORD.findall(said)) for text in texts for said in sentences(text)]
    told = [(said, words) for said, words in told if len(words) >= SHORTEST]
    if not told:
        return None
    longest, words = max(told, key=lambda one: len(one[1]))
    count = english if language == "en" else spanish
    every = [word for _, said in told for word in said]
    return Measured(language, len(told), len(every), sum(map(count, every)), len(words), longest)


def sentences(text: str) -> list[str]:
    """Each ends with its stop, or with its line."""
    plain = _DOTTED.sub(lambda found: found.group().replace(".", ""), _BLANK.sub("Ana", text))
    return [said.strip() for said in _ENDS.split(plain) if said.strip()]


def english(word: str) -> int:
    """Syllables by the usual rules: groups of vowels; a silent e at the end, in -ed and in -es."""
    plain = word.casefold().replace("’", "'").removesuffix("'s")
    count = len(_ENGLISH.findall(plain))
    count -= bool(_SILENT.search(plain))
    apart = re.findall(r"i[ao](?!us)|eo(?!p)|ua[lt]|uie|ea$", plain)
    return max(count + len(apart) - len(re.findall("[tcsg]io|^some.", plain)), 1)


def spanish(word: str) -> int:
    """Syllables by the rules of the language: a strong vowel each, a weak one with an accent too."""
    plain = re.sub(r"qu|gu(?=[eiéí])", "g", word.casefold())
    plain = re.sub(r"y\b", "i", plain)
    groups = re.findall(r"[aeiouáéíóúü]+", plain)
    return max(sum(_in_group(group) for group in groups), 1)


def _in_group(group: str) -> int:
    strong = len(re.findall(r"[aeoáéóíú]", group))
    return strong or 1
