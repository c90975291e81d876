"""The catalogue of rewards: what points buy, who may have it, and what became of each order."""
