"""What the process of check-ins does."""

from __future__ import annotations

from reliefpath.web.settings import Settings


def serve(settings: Settings, place: str) -> None:
    """Answer check-ins at a socket.

    Args:
        settings: the server's.
        place: the socket, in a folder that is closed to other people.
    """
    from reliefpath.web.app import create_app  # which imports this, to begin the process
    from reliefpath.web.server import run

    run(
        create_app(settings),
        uds=place,
        lifespan="off",  # nobody looks at everybody here
        proxy_headers=True,
        forwarded_allow_ips="*",
    )
