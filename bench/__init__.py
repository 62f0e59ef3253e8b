"""Measurements, each beside a limit of the same machine, taken in the same run: `python3 dev.py bench`.

A number alone ages with the machine; how many times longer than its limit a thing takes does not. Every bench says what
it compares and what it does not show. All of them stop by themselves, and speak to this machine alone.
"""
