"""What every page and route stands on."""
