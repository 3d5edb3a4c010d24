"""How a grid is scanned for one more source."""
