"""Every command, by topic: what a person may do to a case, with the words a form shows and what it changes."""
