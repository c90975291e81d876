"""Programmes that are killed live in homes whose data are copies of one."""

from tests.support.homes import upgraded

__all__ = ["upgraded"]
