"""The pathway: the protocol as data, the facts it asks about, and the advice that follows."""
