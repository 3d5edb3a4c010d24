"""Which snapshots tell a bound the same thing: those that share one code are computed once."""

from ..physics import Sounding


def collapsed(sounding: Sounding) -> tuple[Sounding, int]:
    """The sounding with one snapshot, and how many it stands for, where all snapshots share one code; else as it is.

    A full-digital array with codes of ones has L times the Fisher information of one snapshot.
    """
    codes = sounding.codes
    repeats = codes.shape[-2]
    if repeats == 1 or not bool((codes == codes[..., :1, :]).all()):
        return sounding, 1
    return Sounding(array=sounding.array, codes=codes[..., :1, :], channel=sounding.channel), repeats
