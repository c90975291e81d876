"""Plans of paid membership: what is sold for a fee, published once and archived, never edited."""
