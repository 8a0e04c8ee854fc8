"""A medicine or an allergen in words: recorded by a form, said once what it is, read so by all."""

from __future__ import annotations

import polars as pl
from fastapi import FastAPI

from reliefpath.store.chart import open_chart
from reliefpath.web.settings import Settings

from .clients import Client, client_of

EPISODE = "demo-0043"
HERE = f"/patient/{EPISODE}"
WORDS = '<b>Zorblax</b> "5"'


def recorded(client: Client, settings: Settings, finding: str, words: str) -> tuple[str, str]:
    """Record a finding by the form; return its code and its words as they are read then."""
    answer = client.post(f"{HERE}/finding", data={"finding": finding, "words": words})
    assert answer.status_code == 303, answer.text
    return read(settings, finding.partition(":")[0])


def read(settings: Settings, kind: str) -> tuple[str, str]:
    chart = open_chart(settings.chart)
    rows = chart.care_log().findings.filter(pl.col("words").is_not_null(), kind=kind)
    chart.close()
    code, words = rows.select("code", "words").row(-1)
    return code, words


def test_a_brand_in_words_is_understood_as_it_is_recorded(app: FastAPI, settings: Settings) -> None:
    director = client_of(app, "director")
    told = recorded(director, settings, "medicine:not-understood", "Eliquis")
    assert told == ("apixaban", "Eliquis")
    page = director.get(HERE).text
    assert "Apixaban: Eliquis" in page
    assert f"{HERE}/term" not in page


def test_words_without_a_medicine_are_asked_for(app: FastAPI) -> None:
    answer = client_of(app, "director").post(
        f"{HERE}/finding", data={"finding": "medicine:not-understood"}
    )
    assert "say in its own words which medicine it is" in answer.text


def test_what_words_are_is_said_beside_the_finding(app: FastAPI, settings: Settings) -> None:
    director = client_of(app, "director")
    assert recorded(director, settings, "allergy:not-understood", WORDS)[0] == "not-understood"
    page = director.get(HERE).text
    assert f"{HERE}/term" in page
    assert "<b>Zorblax" not in page
    said = {"kind": "allergy", "words": WORDS, "code": "latex"}
    assert director.post(f"{HERE}/term", data=said).status_code == 303
    assert read(settings, "allergy") == ("latex", WORDS)
    page = director.get(HERE).text
    assert "Allergy to latex" in page
    assert f"{HERE}/term" not in page


def test_an_assistant_sees_the_question_and_does_not_answer_it(
    app: FastAPI, settings: Settings
) -> None:
    recorded(client_of(app, "director"), settings, "medicine:not-understood", "Zorblax")
    assistant = client_of(app, "assistant")
    assistant.post(f"{HERE}/open", data={"reason": "at the front desk today"})
    page = assistant.get(HERE).text
    assert "Zorblax" in page
    assert f"{HERE}/term" not in page
    said = {"kind": "medicine", "words": "Zorblax", "code": "no-rule"}
    assert assistant.post(f"{HERE}/term", data=said).status_code == 403


def test_a_director_answers_for_the_whole_clinic_and_corrects_it(
    app: FastAPI, settings: Settings
) -> None:
    director = client_of(app, "director")
    recorded(director, settings, "medicine:not-understood", "Zorblax")
    assert "medicine of 1 patient" in director.get("/terms").text
    said = {"kind": "medicine", "words": "Zorblax", "code": "no-rule"}
    assert director.post("/terms", data=said).status_code == 303
    assert read(settings, "medicine")[0] == "no-rule"
    assert "Everything on record is understood." in director.get("/terms").text
    assert director.post("/terms", data={**said, "code": "warfarin"}).status_code == 303
    assert read(settings, "medicine")[0] == "warfarin"
    twice = director.post("/terms", data={**said, "code": "warfarin"})
    assert (twice.status_code, "already" in twice.text) == (400, True)
    empty = director.post("/terms", data={**said, "code": ""})
    assert (empty.status_code, "choose what it is" in empty.text) == (400, True)


def test_a_guardian_is_on_record_by_name(app: FastAPI, settings: Settings) -> None:
    told = recorded(client_of(app, "director"), settings, "consent:guardian", "Mary Hale, mother")
    assert told == ("guardian", "Mary Hale, mother")
