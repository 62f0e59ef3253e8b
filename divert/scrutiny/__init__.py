"""Scrutiny: samples that anyone can draw again."""
