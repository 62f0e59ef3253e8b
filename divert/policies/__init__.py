"""How the scheme's policy changes: rehearsed over past cases, proposed, signed by named people, and then in force."""
