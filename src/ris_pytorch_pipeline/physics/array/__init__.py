"""The array as one value: element positions, wavelengths, pose and wavefront, and what it can tell of a source."""
