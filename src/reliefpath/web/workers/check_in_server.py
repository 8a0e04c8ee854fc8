"""What the process of check-ins does, which reads the clinic's file before anything else is."""

from __future__ import annotations

from reliefpath.knowledge import use_text
from reliefpath.web.settings import Settings


def serve(settings: Settings, clinic: str | None, place: str) -> None:
    """Answer check-ins at a socket.

    Args:
        settings: the server's.
        clinic: the text of the clinic's file in force, or None.
        place: the socket, in a folder that is closed to other people.
    """
    if clinic is not None:
        use_text(clinic)
    from reliefpath.web.app import create_app
    from reliefpath.web.server import run

    run(
        create_app(settings),
        uds=place,
        lifespan="off",  # nobody looks at everybody here
        proxy_headers=True,
        forwarded_allow_ips="*",
    )
