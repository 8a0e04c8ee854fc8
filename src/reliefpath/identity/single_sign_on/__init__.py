"""Sign-in by the clinic's identity provider (OpenID Connect), beside passwords."""
