"""What clinicians of a busy clinic do, for Locust: a page every half minute each."""

from __future__ import annotations

import os
import random

from locust import HttpUser, between, task

TOKENS = os.environ.get("RELIEFPATH_BENCH_TOKENS", "").split()


class Clinician(HttpUser):
    """Somebody who is signed in and looks at the worklist, and at whose check-in is due."""

    wait_time = between(20, 40)

    def on_start(self) -> None:
        """Come with a session, as whoever signed in this morning."""
        self.client.cookies.set("reliefpath", random.choice(TOKENS))

    @task(4)
    def worklist(self) -> None:
        """Open the worklist."""
        self._open("/worklist")

    @task(1)
    def due(self) -> None:
        """Open the list of check-ins that are due."""
        self._open("/due")

    def _open(self, page: str) -> None:
        """Open a page; to be asked to sign in is a failure."""
        with self.client.get(page, allow_redirects=False, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"answered {answer.status_code}")
