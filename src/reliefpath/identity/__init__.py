"""Who works here: accounts, passwords, roles, and the log of sign-ins."""
