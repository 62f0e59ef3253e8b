"""Law and policy as data: offences, time limits, working days, and the rulebook that holds the dated files together."""
