"""The exchange with another agency's system: what may go there, as a file; and what comes back."""
