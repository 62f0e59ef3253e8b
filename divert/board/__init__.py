"""The project board: figures that can be defended in public, and never a person."""
