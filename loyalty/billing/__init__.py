"""Billing by Stripe: the adapter that asks, listens, and projects what it sees onto memberships.

Stripe owns the money, we own the access. A webhook is a hint; `syncing.sync` alone brings what
Stripe knows of a subscription into our rows, and nothing waits for Stripe inside a transaction.
"""
