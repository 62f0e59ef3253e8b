"""For every guard the last thing that it lets through and the first that it does not, told as stories."""
