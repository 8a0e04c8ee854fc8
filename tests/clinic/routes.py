"""Who may ask for what: every route of the application, and nobody else's.

A new route is a row here. `PUBLIC` is for whoever has the address; all others need to sign in.
"""

from __future__ import annotations

from reliefpath.clinic.roles import AUDIT, CARE, Role

PUBLIC = None
EVERYBODY = tuple(Role)
ADMINISTRATOR = (Role.ADMINISTRATOR,)

ROUTES: dict[str, tuple[Role, ...] | None] = {
    "GET /sign-in": PUBLIC,
    "POST /sign-in": PUBLIC,
    "GET /": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    "GET /account": EVERYBODY,
    "POST /account/password": EVERYBODY,
    "POST /account/authenticator": EVERYBODY,
    "POST /account/authenticator/code": EVERYBODY,
    "POST /account/authenticator/remove": EVERYBODY,
    "POST /account/sign-out-everywhere": EVERYBODY,
    "GET /worklist": CARE,
    "GET /due": CARE,
    "GET /people": ADMINISTRATOR,
    "POST /people": ADMINISTRATOR,
    "GET /people/{username}": ADMINISTRATOR,
    "POST /people/{username}": ADMINISTRATOR,
    "POST /people/{username}/password": ADMINISTRATOR,
    "POST /people/{username}/authenticator": ADMINISTRATOR,
    "GET /audit": AUDIT,
    "GET /audit.csv": AUDIT,
    "POST /audit/verify": AUDIT,
    "GET /sign-ins": (*AUDIT, Role.ADMINISTRATOR),
    "GET /backup": ADMINISTRATOR,
    "POST /backup": ADMINISTRATOR,
}
