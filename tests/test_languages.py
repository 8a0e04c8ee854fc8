"""What patients read, in every language: nothing missing, nothing stale, and no silent English."""

from __future__ import annotations

import re
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from reliefpath.care.check_in.words import words as words_of_check_in
from reliefpath.documents.exercise.handout import words
from reliefpath.documents.papers.catalogue import words as words_of_papers
from reliefpath.errors import KnowledgeError, UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import load_catalogue
from reliefpath.knowledge.languages import LANGUAGES, Translation, speech, spoken
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.anatomy.body_map import body
from reliefpath.reference.therapies import agents
from reliefpath.reference.therapies.exercise import exercise_rules, exercises

OTHERS = [language for language in LANGUAGES if language != "en"]
BASE, EXERCISE, HANDOUT, ANATOMY, PAPERS, CHECK_IN = (
    "reliefpath.knowledge.languages",
    "reliefpath.reference.therapies.exercise",
    "reliefpath.documents.exercise",
    "reliefpath.reference.anatomy",
    "reliefpath.documents.papers",
    "reliefpath.care.check_in",
)
SAID = re.compile(r'say\(\s*"([^"]+)"')


NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def texts(part: object) -> set[str]:
    """Every text in a part of a catalogue."""
    if isinstance(part, str):
        return {part}
    if isinstance(part, dict):
        part = tuple(part.values())
    return set().union(*map(texts, part)) if isinstance(part, tuple) else set()


def of_handout() -> set[str]:
    page = words()
    said = [getattr(page, key) for key in type(page).model_fields if key != "sources"]
    said += [warning.says for warning in page.warnings.values()]
    return texts(tuple(said))


def of_exercise() -> set[str]:
    said = [exercise_rules(SHIPPED).after_needle.says]
    said += [row.says for row in exercise_rules(SHIPPED).reminders.values()]
    for row in exercises(SHIPPED).values():
        said += [row.name, row.position, row.steps, row.feel, row.unlike]  # type: ignore[list-item]
    return texts(tuple(said))


def of_anatomy() -> set[str]:
    return {text for row in muscles(SHIPPED).values() for text in (row.name, row.hazards)}


def of_papers() -> set[str]:
    """The texts of the catalogues that consent and after-care say."""
    catalogue = words_of_papers().model_dump(exclude={"sources"})
    called = {*catalogue.pop("places").values(), *catalogue.pop("names").values()}
    return {*lines(catalogue), *called, *(row.name for row in agents(SHIPPED).values())}


def lines(part: object) -> set[str]:
    """Every `says` and `name` in a catalogue."""
    if isinstance(part, dict):
        mine = {part[key] for key in ("says", "name") if key in part}
        return mine.union(*map(lines, part.values()))
    return set().union(*map(lines, part)) if isinstance(part, tuple | list) else set()


def of_check_in() -> set[str]:
    """The texts of the check-in's catalogue, of the body's regions, and of its pages and code."""
    page = words_of_check_in()
    rows = [*page.scales.values(), *page.effects.values(), *page.signs.values(), *page.next]
    told = [row.model_dump(include={"asks", "least", "most", "says"}) for row in rows]
    nets = [row.model_dump(include={"says", "title"}) for row in (page.emergency, page.today)]
    own = (page.curves, page.done, page.each, page.nobody_reads.says, body().names)
    templates = (files("reliefpath.web") / "templates").iterdir()
    pages = [file for file in templates if file.name.startswith("check-in")]
    code = [file for file in files(CHECK_IN).iterdir() if file.name.endswith(".py")]
    code += Path(str(files("reliefpath.web"))).rglob("check_in*.py")
    said = {text for file in (*pages, *code) for text in SAID.findall(file.read_text("utf-8"))}
    return texts((*told, *nets, *own)) | said | {"Lower is better.", "Higher is better."}


def translation(package: str, language: str) -> Translation:
    return load_catalogue(files(package) / f"{language}.yaml", Translation)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_its_translation_and_no_translation_is_stale(language: str) -> None:
    assert set(translation(EXERCISE, language).texts) == of_exercise()
    assert set(translation(ANATOMY, language).texts) == of_anatomy()
    everywhere = set(translation(BASE, language).texts)
    assert set(translation(HANDOUT, language).texts) == of_handout() - everywhere
    elsewhere = everywhere | set(translation(EXERCISE, language).texts)
    assert set(translation(CHECK_IN, language).texts) == of_check_in() - elsewhere
    there = set(translation(PAPERS, language).texts)
    assert of_papers() <= there
    folder = files(PAPERS)
    code = "".join(
        file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith((".py", ".jinja"))
    )
    in_plans = {"left", "right"}
    assert not [text for text in there - of_papers() - in_plans if f'"{text}"' not in code]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("package", [BASE, EXERCISE, HANDOUT, ANATOMY, PAPERS, CHECK_IN])
def test_a_translation_has_the_numbers_of_its_english(package: str, language: str) -> None:
    for text, said in translation(package, language).texts.items():
        assert sorted(NUMBER.findall(said)) == sorted(NUMBER.findall(text)), text


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_says_that_nobody_has_checked_it_yet(language: str) -> None:
    assert "[house]" in str(speech(language, EXERCISE).origin)
    assert speech("en").origin is None


def test_dates_are_said_in_the_language() -> None:
    assert speech("es").day(date(2026, 3, 3)) == "3 de marzo de 2026"
    assert speech("es").weekday(date(2026, 3, 3)) == "martes, 3 de marzo de 2026"
    assert speech("en").weekday(date(2026, 3, 3)) == "Tuesday, 3 March 2026"


def test_every_day_of_a_year_is_said_as_papers_have_always_said_it() -> None:
    months = (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
        *("septiembre", "octubre", "noviembre", "diciembre"),
    )
    days = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
    for n in range(366):
        day = date(2028, 1, 1) + timedelta(n)
        month, weekday = months[day.month - 1], days[day.weekday()]
        assert speech("en").weekday(day) == f"{day:%A}, {day.day} {day:%B %Y}"
        assert speech("es").weekday(day) == f"{weekday}, {day.day} de {month} de {day.year}"
        assert speech("es").day(day) == f"{day.day} de {month} de {day.year}"


def test_the_language_of_a_tag_is_known_whatever_its_region() -> None:
    assert [spoken(tag) for tag in ("es", "es-MX", "ES_us", "en-GB", None)] == [
        *("es", "es", "es", "en", "en")
    ]
    assert spoken("fr") is None
    assert spoken("estonian") is None


def test_a_text_without_a_translation_is_refused_and_never_said_in_english() -> None:
    with pytest.raises(UsageError, match="'Good luck' has no Spanish"):
        speech("es")("Good luck")


def test_a_translation_that_leaves_other_gaps_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "es.yaml"
    file.write_text("sources: {}\nsource: []\ntexts: {'{number} days': '{numero} días'}\n", "utf-8")
    with pytest.raises(KnowledgeError, match="leaves other gaps"):
        load_catalogue(file, Translation)
