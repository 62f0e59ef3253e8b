"""Policy in the open: what is in force, what is proposed, what it would change."""
