"""One case: read, shown, acted on, put on paper, shared."""
