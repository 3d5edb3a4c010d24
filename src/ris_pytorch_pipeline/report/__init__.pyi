from .geometry import geometry_axes, geometry_figure
from .spectrum import direction_axes, distance_axes, spectrum_figure
from .sweeps import rmse_against_snr, success_against_snr, sweep_figure

__all__ = [
    "direction_axes",
    "distance_axes",
    "geometry_axes",
    "geometry_figure",
    "rmse_against_snr",
    "spectrum_figure",
    "success_against_snr",
    "sweep_figure",
]
