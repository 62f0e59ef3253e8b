"""People: the staff, and how everyone is identified on paper and in police systems."""
