"""Is a calibration worth using? Gains are fitted to anything; what they explain of held-out scenes tells.

A scale of ± from few positions is fitted to anything, too.
"""

from .calibration import Calibration
from .told_scale import scale_doubts

_LEAST = 0.5
"""Share of held-out scenes below which more is left over than explained: that is noise as loud as the signals, or
positions and conventions that are not those of the scenes."""


def doubts_of(calibration: Calibration) -> tuple[str, ...]:
    """What speaks against a calibration, in sentences; none where it explains held-out scenes.

    >>> from dataclasses import replace
    >>> calibration = Calibration.nominal(Line(count=4, spacing=0.15).array(0.3), antennas=1)
    >>> doubts_of(replace(calibration, shares={"nominal": 0.04}))[0][:29]
    'the gains taken explain 0.04 '

    Args:
        calibration: with the explained shares of its models.
    """
    places = calibration.scale_places
    few = () if places is None else scale_doubts(calibration.deviation_scale, places)
    return (*_little_explained(calibration), *_none_better(calibration), *few)


def _little_explained(calibration: Calibration) -> tuple[str, ...]:
    """Noise, or positions and conventions of other scenes."""
    share = calibration.shares.get(calibration.model)
    if share is None or share >= _LEAST:
        return ()
    return (
        f"the gains taken explain {share:.2f} of what was measured in held-out scenes: positions that are not those of "
        "the scenes (a sign, an order, another origin), a wrong convention (`ris check`), or an SNR below 0 dB",
    )


def _none_better(calibration: Calibration) -> tuple[str, ...]:
    """Gains were fitted and not taken."""
    nominal = calibration.shares.get("nominal")
    tried = {model: share for model, share in calibration.shares.items() if model != "nominal"}
    if calibration.model != "nominal" or nominal is None or not tried:
        return ()
    best = max(tried, key=lambda model: tried[model])
    return (
        f"gains of {best} explain {tried[best]:.3f} of held-out scenes and nominal ones {nominal:.3f}: hardware as "
        "intended, errors that differ from scene to scene, or too few scenes; the nominal gains that were taken "
        "correct nothing",
    )
