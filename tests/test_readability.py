"""What patients read asks for no more than six years of school, in each language."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from readability import WORD, grade, sentences
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.languages import LANGUAGES, Speech, speech
from reliefpath.reference.therapies import agents
from test_languages import ANATOMY, CHECK_IN, EXERCISE, HANDOUT, PAPERS, translation

GRADE, HARDEST = 6, 9
"""The most years for a document, and for one passage in it."""
DOCUMENTS = (EXERCISE, HANDOUT, PAPERS, CHECK_IN)
COPY = "the README of a record's copy"


def drugs(say: Speech) -> re.Pattern[str]:
    """The names of drugs, which a text can't do without."""
    said = " ".join(say(row.name) for row in agents(SHIPPED).values())
    names = {word for word in WORD.findall(said) if len(word) > 4}
    return re.compile(rf"\b({'|'.join(map(re.escape, names))})\b", re.IGNORECASE)


def passages(document: str, language: str) -> list[str]:
    """The texts of a document that are sentences: not a word on a button, and not a head."""
    say = speech(language, *DOCUMENTS, ANATOMY)
    if document == COPY:
        readme = files("reliefpath.documents.record") / f"README.{language}.txt"
        told = [" ".join(part.split()) for part in readme.read_text("utf-8").split("\n\n")]
    else:
        told = [say(text) for text in translation(document, "es").texts]
    named = drugs(say)
    texts = [named.sub("drug", text) for text in told]
    return [text for text in texts if text.rstrip()[-1:] in ".?!" and len(WORD.findall(text)) > 3]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("document", [*DOCUMENTS, COPY])
def test_what_patients_read_asks_for_six_years_of_school(document: str, language: str) -> None:
    texts = passages(document, language)
    whole = grade(texts, language)
    worst = sorted(texts, key=lambda text: grade([text], language), reverse=True)[:3]
    said = "\n".join(f"{grade([text], language):.1f} {text}" for text in worst)
    told = f"{document} in {LANGUAGES[language]}: grade {whole:.1f}; the hardest of it:\n{said}"
    print(told)  # noqa: T201 pytest shows it with -rP
    assert whole <= GRADE, told
    assert grade(worst[:1], language) <= HARDEST, told


def test_a_hard_text_is_found_hard_and_an_easy_one_easy() -> None:
    easy = "Sit on a chair. Put your hand on your neck. Wait and breathe."
    hard = (
        "Subsequent pharmacological intervention necessitates multidisciplinary reassessment of "
        "contraindications, comorbidities and physiological parameters."
    )
    assert grade([easy], "en") < 3 < 16 < grade([hard], "en")
    facil = "Siéntese en la silla. Ponga la mano en el cuello. Respire y espere."
    dificil = (
        "La intervención farmacológica subsiguiente requiere la reevaluación multidisciplinaria de "
        "contraindicaciones, comorbilidades y parámetros fisiológicos."
    )
    assert grade([facil], "es") < 4 < 10 < grade([dificil], "es")


@pytest.mark.parametrize(
    ("text", "grade_of_it"),
    [("The cat sat on the mat.", -1.45), ("The patient took the tablet.", 2.88)],
)
def test_the_formula_gives_what_its_paper_says(text: str, grade_of_it: float) -> None:
    """Six words of one syllable; five words of seven syllables."""
    assert grade([text], "en") == pytest.approx(grade_of_it, abs=0.01)


def test_a_sentence_ends_where_a_line_does_and_not_within_a_number() -> None:
    assert len(sentences("It was 2.5 points lower.\nThat is little")) == 2
