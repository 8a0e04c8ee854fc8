"""What clinicians and patients of a busy clinic do, for Locust."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import Any

from locust import HttpUser, between, task

PLAN = json.loads(Path(os.environ["RELIEFPATH_BENCH_PLAN"]).read_text("utf-8"))
PAIN, WELL = [str(n) for n in range(11)], [str(n) for n in range(0, 101, 10)]


class Visitor(HttpUser):
    """Somebody behind the proxy, at an address of their own."""

    abstract = True

    def on_start(self) -> None:
        """Take an address."""
        self.client.headers["X-Forwarded-For"] = f"10.{random.randrange(256)}.0.{id(self) % 256}"
        self.client.headers["X-Forwarded-Proto"] = "https"

    def ask(self, name: str, path: str, status: int = 200, **form: str) -> str:
        """Open a page, or send a form; any other answer is a failure."""
        how: dict[str, Any] = {"data": form} if form else {}
        with self.client.request(
            "POST" if form else "GET",
            path,
            name=name,
            allow_redirects=False,
            catch_response=True,
            **how,
        ) as answer:
            if answer.status_code != status:
                answer.failure(f"answered {answer.status_code}")
            return str(answer.headers.get("location", ""))


class Clinician(Visitor):
    """Somebody who is signed in and opens a page every half minute."""

    fixed_count = PLAN["clinicians"]
    wait_time = between(20, 40)

    def on_start(self) -> None:
        """Come with a session, as whoever signed in this morning."""
        super().on_start()
        self.client.headers["Cookie"] = f"__Host-reliefpath={random.choice(PLAN['sessions'])}"

    @task(3)
    def worklist(self) -> None:
        """Open everybody's worklist."""
        self.ask("worklist", "/worklist?clinician=*")

    @task(5)
    def patient(self) -> None:
        """Open a patient; the curve comes as a picture, and then to point at."""
        episode, measure = random.choice(PLAN["episodes"])
        self.ask("patient", f"/patient/{episode}")
        self.ask("curve, picture", f"/patient/{episode}/curve.svg?measure={measure}")
        self.ask("curve, to point at", f"/patient/{episode}/curve.json?measure={measure}")

    @task(1)
    def due(self) -> None:
        """Open the list of check-ins that are due."""
        self.ask("check-ins due", "/due?everybody=1")

    @task(1)
    def outcomes(self) -> None:
        """Open what the clinic achieves."""
        self.ask("outcomes", "/outcomes")

    @task(1)
    def sign_in(self) -> None:
        """Open the page that asks nothing of the chart, to compare with."""
        self.ask("sign-in page", "/sign-in")


class Phone(Visitor):
    """Patients who follow their links, one after the other."""

    fixed_count = PLAN["phones"]

    def wait_time(self) -> float:
        """Seconds to the next one, as far apart as independent people are."""
        return random.expovariate(PLAN["check_ins_an_hour"] / 3600 / PLAN["phones"])

    def on_start(self) -> None:
        """Do not come all at once."""
        super().on_start()
        time.sleep(self.wait_time())

    @task
    def check_in(self) -> None:
        """Open a link, answer, and see what comes next."""
        if not PLAN["links"]:
            return
        link = f"/check-in/{PLAN['links'].pop()}"
        self.ask("check-in", link)
        answers = {"nrs": random.choice(PAIN), "sane": random.choice(WELL), "sign": "none"}
        done = self.ask("save of a check-in", link, 303, **answers)
        self.ask("thanks", done)
