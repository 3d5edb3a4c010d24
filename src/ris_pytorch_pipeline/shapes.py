"""Which tensor types and axes the package speaks of: one alias per row of the glossary."""

from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

Elements = Float[Tensor, "element 3"]
"""Element centres q_n = (x_n, y_n, z_n) in metres."""
Positions = Float[Tensor, "*batch source 3"]
"""(azimuth, elevation, distance) in radians, radians, metres."""
Cosines = Float[Tensor, "*batch source 3"] | Float[Tensor, "*batch source 4"]
"""(u, w, q): direction cosines in front of the array and inverse distance in 1/m; (d_x, u, w, q) of a deep array."""
Steering = Complex[Tensor, "*batch source element"]
"""Steering vectors, squared norm N."""
Codes = Complex[Tensor, "*batch snapshot element"]
"""RIS phases in use, one row per snapshot; an axis before the snapshots for several wavelengths."""
Channel = Complex[Tensor, "*batch antenna element"]
"""Channel H from the array to the antennas; an axis before the antennas for several wavelengths."""
Measured = Complex[Tensor, "*batch snapshot antenna"]
"""What the antennas saw; an axis before the snapshots for several wavelengths."""
Covariance = Complex[Tensor, "*batch element element"]
"""Hermitian matrix at the panel."""
Mask = Bool[Tensor, "*batch source"]
"""True where a padded source slot holds a source."""
Counts = Int[Tensor, "*batch"]
"""Sources per scene."""
