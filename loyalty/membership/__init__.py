"""Paid membership: who has a plan and until when, and what was charged and refunded for it.

Billing is a port with two adapters. Whatever one of them says is a `Report`; `applying.apply` is
the only way from a report to the rows, and `states.standing_of` the only way from a row to access.
"""
