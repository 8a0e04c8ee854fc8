"""How many years of school a text asks for, by a formula of its language.

English: Kincaid and others, Derivation of New Readability Formulas, Naval Technical Training
Command, Research Branch Report 8-75 (1975). Spanish: Crawford, Fórmula y gráfico para determinar la
comprensibilidad de textos de nivel primario en castellano, Lectura y Vida 10(4) (1989).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
SENTENCE = re.compile(r"[.!?]+(?=\s|$)|\n+")
WEAK, STRONG = "iuü", "aeoáéíóú"


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line that ends without a full stop is one, too."""
    return [part.strip() for part in SENTENCE.split(text) if WORD.search(part)]


def english_syllables(word: str) -> int:
    """About how many syllables a word has: its groups of vowels, but for an `e` nobody hears."""
    word = word.lower()
    groups = len(re.findall(r"[aeiouy]+", word))
    groups += len(re.findall(r"i(?:a|o(?!us|n)|um|et)|[^g]ua[^r]", word))
    groups -= bool(re.search(r"[^aeiouyl]es?$|[^aeiouytd]ed$", word)) and groups > 1
    groups += bool(re.search(r"(?:[cszx]|ch|sh|dg|g)es$", word))
    return max(1, groups)


def spanish_syllables(word: str) -> int:
    """How many syllables a word has: strong vowels count each, weak ones only by themselves."""
    word = re.sub(r"qu|gu(?=[eiéí])", "q", word.lower())
    word = re.sub(r"y$", "i", word)
    count = 0
    for group in re.findall(rf"[{WEAK}{STRONG}]+", word):
        count += max(1, sum(letter in STRONG for letter in group))
    return max(1, count)


def kincaid(words: float, sentences: float, syllables: float) -> float:
    """The grade of an English text."""
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def crawford(words: float, sentences: float, syllables: float) -> float:
    """The grade of a Spanish text."""
    return -0.205 * 100 * sentences / words + 0.049 * 100 * syllables / words - 3.407


FORMULAS: dict[str, tuple[Callable[[str], int], Callable[[float, float, float], float]]] = {
    "en": (english_syllables, kincaid),
    "es": (spanish_syllables, crawford),
}


def grade(texts: Iterable[str], language: str) -> float:
    """How many years of school some texts ask for, read one after the other."""
    syllables, formula = FORMULAS[language]
    parts = list(chain.from_iterable(map(sentences, texts)))
    words = list(chain.from_iterable(map(WORD.findall, parts)))
    return formula(len(words), len(parts), sum(map(syllables, words)))
