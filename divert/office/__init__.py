"""Running the scheme: who works here in which post, and what the worker could not do."""
