"""Cleveland Divert: the domain. It imports no web framework."""
