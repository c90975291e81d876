"""The application: the use cases that join ledger, tiers and benefits."""

__version__ = "0.1.0"
