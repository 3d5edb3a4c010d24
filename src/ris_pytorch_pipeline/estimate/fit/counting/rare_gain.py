"""How much does one more source gain by chance? Of few measurements more than of many."""

import math

from scipy.stats import beta, chi2

POSITION = 1.5
"""Three coordinates of a source, as a number of complex unknowns."""


def gain_as_rare(threshold: float, usual: float, added: float, equations: float, taken: float) -> float:
    """The gain -2 n log(1 - s) of noise that is as rare as χ² > τ, s ~ Beta(added, n - taken) of n complex equations.

    A source takes the share s of what is left over, noise or not. Of many equations the gain is χ²; of few, a share
    near 1 is no surprise, and its logarithm is large.

    >>> round(gain_as_rare(28.0, 2.5, 2.5, 256, 2.5), 1), round(gain_as_rare(28.0, 2.5, 2.5, 6, 2.5), 1)
    (28.2, 41.9)

    Args:
        threshold: τ.
        usual: complex unknowns of a source for which τ was chosen; χ² has twice as many degrees of freedom.
        added: complex unknowns of one more source here.
        equations: n.
        taken: complex unknowns of all sources, with the one more.

    Returns:
        Infinity where nothing is left over.
    """
    if equations <= taken:
        return math.inf
    chance = float(chi2.sf(threshold, 2 * usual))
    return float(-2 * equations * math.log1p(-beta.isf(chance, added, equations - taken)))
