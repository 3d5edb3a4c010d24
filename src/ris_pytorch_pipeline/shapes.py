"""Which tensor types and axes the package speaks of: one alias per row of the glossary."""

from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

Elements = Float[Tensor, "element 3"]
"""Element centres q_n = (0, h_n, v_n) in metres."""
Positions = Float[Tensor, "*batch source 3"]
"""(azimuth, elevation, distance) in radians, radians, metres."""
Cosines = Float[Tensor, "*batch source 3"]
"""(u, w, q): direction cosines and inverse distance in 1/m."""
Steering = Complex[Tensor, "*batch source element"]
"""Steering vectors, squared norm N."""
Codes = Complex[Tensor, "*batch snapshot element"]
"""RIS phases in use, one row per snapshot."""
Channel = Complex[Tensor, "*batch antenna element"]
"""Channel H from the panel to the antennas."""
Measured = Complex[Tensor, "*batch snapshot antenna"]
"""What the antennas saw."""
Covariance = Complex[Tensor, "*batch element element"]
"""Hermitian matrix at the panel."""
Mask = Bool[Tensor, "*batch source"]
"""True where a padded source slot holds a source."""
Counts = Int[Tensor, "*batch"]
"""Sources per scene."""
