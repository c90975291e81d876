"""Vouchers in numbers: batches of codes, codes from outside, and those who try to find one."""
