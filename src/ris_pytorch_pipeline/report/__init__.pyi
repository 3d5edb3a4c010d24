from .geometry import geometry_axes, geometry_figure, plan_axes
from .page import heading, page, paragraph, picture, table, verbatim
from .spectrum import direction_axes, distance_axes, spectrum_figure
from .style import EMBEDDED
from .sweeps import check_points, rmse_against_snr, success_against_snr, sweep_figure
from .training import training_figure

__all__ = [
    "EMBEDDED",
    "check_points",
    "direction_axes",
    "distance_axes",
    "geometry_axes",
    "geometry_figure",
    "heading",
    "page",
    "paragraph",
    "picture",
    "plan_axes",
    "rmse_against_snr",
    "spectrum_figure",
    "success_against_snr",
    "sweep_figure",
    "table",
    "training_figure",
    "verbatim",
]
