"""The procedure over HTTP: the table itself, and a route for each command."""
