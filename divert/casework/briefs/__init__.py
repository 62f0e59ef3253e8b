"""What lies before the person who fills in a form: what was tried, like cases, the clock."""
