"""A simulated year: invented people, staff who work from what is due, and workers that are killed, on PostgreSQL.

`python3 dev.py year` lives the whole of it and proves that nothing was forgotten; a small one is in the ordinary suite.
"""
