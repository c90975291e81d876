"""Orders: what was bought, shipped, cancelled and returned, and what that moved."""
