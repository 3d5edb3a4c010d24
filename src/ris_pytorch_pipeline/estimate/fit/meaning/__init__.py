"""What the numbers are said to mean, and what else they may mean: units, geometry, conventions."""
