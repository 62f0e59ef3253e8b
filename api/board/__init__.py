"""The project board: figures and what the scheme costs."""
