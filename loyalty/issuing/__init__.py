"""Vouchers in numbers: batches of codes, codes from outside, and whoever tries codes that are none."""
