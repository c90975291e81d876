"""The demonstration: a programme built from a real retailer's year, with what the data lack invented and said so."""
