"""What the pages show, computed without a request."""
