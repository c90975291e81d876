"""The demonstration: a programme on a real retailer's year; what is invented says so."""
