"""Documents: what leaves the house on paper. The case says what a reader may know, templates how it is put."""
