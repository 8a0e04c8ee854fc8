"""Who may ask for what: every route of the application, and nobody else's.

A new route is a row here. `PUBLIC` is for whoever has the address; all others need to sign in.
"""

from __future__ import annotations

from reliefpath.identity.roles import AUDIT, CARE, TREAT, Role

PUBLIC = None
EVERYBODY = tuple(Role)
DIRECTOR = (Role.DIRECTOR,)
ADMINISTRATOR = (Role.ADMINISTRATOR,)

ROUTES: dict[str, tuple[Role, ...] | None] = {
    "GET /sign-in": PUBLIC,
    "POST /sign-in": PUBLIC,
    "GET /static/vega/{version}.js": PUBLIC,
    "GET /sign-in/provider": PUBLIC,
    "GET /sign-in/provider/back": PUBLIC,
    "GET /sign-in/provider/finish": PUBLIC,
    "GET /": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    "GET /account": EVERYBODY,
    "POST /account/password": EVERYBODY,
    "POST /account/authenticator": EVERYBODY,
    "POST /account/authenticator/code": EVERYBODY,
    "POST /account/authenticator/remove": EVERYBODY,
    "POST /account/sign-out-everywhere": EVERYBODY,
    "GET /kept/{name}": EVERYBODY,
    "GET /worklist": CARE,
    "GET /strategy": CARE,
    "GET /strategy/try": DIRECTOR,
    "POST /strategy/try": DIRECTOR,
    "POST /strategy/download": DIRECTOR,
    "GET /outcomes": CARE,
    "GET /patient/{episode}": CARE,
    "GET /patient/{episode}/curve.svg": CARE,
    "GET /patient/{episode}/curve.json": CARE,
    "POST /patient/{episode}/open": CARE,
    "POST /patient/{episode}/decision": TREAT,
    "GET /patient/{episode}/record": CARE,
    "GET /patient/{episode}/exam": TREAT,
    "POST /patient/{episode}/exam": TREAT,
    "GET /patient/{episode}/needling": TREAT,
    "POST /patient/{episode}/needling": TREAT,
    "GET /patient/{episode}/injection": TREAT,
    "POST /patient/{episode}/injection": TREAT,
    "GET /patient/{episode}/injection/{name}.{kind}": TREAT,
    "GET /patient/{episode}/finding": CARE,
    "POST /patient/{episode}/finding": CARE,
    "GET /patient/{episode}/exercise": CARE,
    "GET /patient/{episode}/exercise/programme": CARE,
    "GET /patient/{episode}/check-in-link": CARE,
    "POST /patient/{episode}/check-in-link": CARE,
    "POST /patient/{episode}/check-in-link/{link}/withdraw": CARE,
    "POST /patient/{episode}/check-in-link/address": CARE,
    "GET /check-in/{token}": PUBLIC,
    "POST /check-in/{token}": PUBLIC,
    "GET /check-in/{token}/thanks": PUBLIC,
    "GET /check-in/{token}/exercises": PUBLIC,
    "POST /patient/{episode}/term": TREAT,
    "GET /terms": DIRECTOR,
    "POST /terms": DIRECTOR,
    "GET /due": CARE,
    "POST /due/remind": CARE,
    "GET /reminders": ADMINISTRATOR,
    "POST /reminders/test": ADMINISTRATOR,
    "GET /people": ADMINISTRATOR,
    "POST /people": ADMINISTRATOR,
    "GET /people/{username}": ADMINISTRATOR,
    "POST /people/{username}": ADMINISTRATOR,
    "POST /people/{username}/password": ADMINISTRATOR,
    "POST /people/{username}/single-sign-on": ADMINISTRATOR,
    "POST /people/{username}/care-teams": ADMINISTRATOR,
    "POST /people/{username}/authenticator": ADMINISTRATOR,
    "GET /audit": AUDIT,
    "GET /audit.csv": AUDIT,
    "POST /audit/verify": AUDIT,
    "GET /sign-ins": (*AUDIT, Role.ADMINISTRATOR),
    "GET /backup": ADMINISTRATOR,
    "POST /backup": ADMINISTRATOR,
}
