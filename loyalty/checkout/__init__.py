"""Checkout: what a member gets for a cart, answered before anything is written."""
