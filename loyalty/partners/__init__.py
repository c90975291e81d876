"""What partners give to members of a plan: codes of others, from a list that was brought in."""
