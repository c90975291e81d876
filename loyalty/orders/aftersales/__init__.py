"""What becomes of an order beside shipments and returns: exchange, chargeback, claim, exception."""
