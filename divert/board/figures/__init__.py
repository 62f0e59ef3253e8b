"""What the counts come to: each figure a function, with its sentence, definition and authority."""
