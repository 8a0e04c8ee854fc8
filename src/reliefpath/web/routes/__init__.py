"""The pages: a request is parsed, one use case called, its result rendered."""
