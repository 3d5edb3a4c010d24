"""How do methods fare on the hardware that was calibrated? Scenes drawn behind its gains, of which they know or not."""

from ..calibrate import Calibration
from ..physics import Scenario, Scenes
from .sweep import Drawer
from .trial_scenes import cell_scenes


def calibrated_scenes(calibration: Calibration, *, told: bool = True) -> Drawer:
    """Drawn scenes whose measurements come from calibrated hardware, for `sweep`.

    The bound is that of the hardware. Symbols, noise and positions are those of nominal hardware at the same SNR.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.calibrate import Calibration
    >>> array = ris.Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3)
    >>> drawer = calibrated_scenes(Calibration.nominal(array, antennas=16))
    >>> drawer(ris.preset("random", horizontal=4, vertical=4, sources=1), 2, 0, 0).observation.measurements.shape
    torch.Size([2, 16, 16])

    Args:
        calibration: of the scenario's array, antennas and wavelengths; one of codes is of the scenario's codes.
        told: whether methods are given codes and channel as they really are; otherwise the intended ones.
    """

    def block_of(scenario: Scenario, scenes: int, seed: int, block: int) -> Scenes:
        return cell_scenes(scenario, scenes, seed, block, calibration.hardware(told=told))

    return block_of
