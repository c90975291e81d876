"""JSON over HTTP: decodes strictly, calls one use case, answers or refuses by name."""
