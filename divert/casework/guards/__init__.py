"""Every guard, by when it matters."""
