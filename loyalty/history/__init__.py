"""A shop's history taken in from files, by the engine that takes orders one by one."""
