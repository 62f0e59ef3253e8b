"""What is done with nobody at the keyboard: missed deadlines are put before the next person up."""
