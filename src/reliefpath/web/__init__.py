"""The web application: the clinic on a screen, the check-in on a phone."""
