"""Running the office: staff, and what the worker could not do."""
