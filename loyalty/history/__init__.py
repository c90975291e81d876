"""History of a shop taken in from files: orders, members and balances, by the engine that takes them one by one."""
