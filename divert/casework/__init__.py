"""What moves a case: commands, guards, the table of transitions, and the one writer."""
