from .geometry import geometry_axes, geometry_figure, plan_axes
from .heat_map import heat_maps
from .latex_tables import latex_table
from .markdown_tables import table_of, tables_in, tabulated
from .page import heading, page, paragraph, picture, table, verbatim
from .pages.bench_page import bench_page
from .result_table import ResultTable, filled, source_line
from .spectrum import direction_axes, distance_axes, spectrum_figure
from .style import EMBEDDED
from .sweeps import check_points, rmse_against_snr, success_against_snr, sweep_figure
from .training import training_figure

__all__ = [
    "EMBEDDED",
    "ResultTable",
    "bench_page",
    "check_points",
    "direction_axes",
    "distance_axes",
    "filled",
    "geometry_axes",
    "geometry_figure",
    "heading",
    "heat_maps",
    "latex_table",
    "page",
    "paragraph",
    "picture",
    "plan_axes",
    "rmse_against_snr",
    "source_line",
    "spectrum_figure",
    "success_against_snr",
    "sweep_figure",
    "table",
    "table_of",
    "tables_in",
    "tabulated",
    "training_figure",
    "verbatim",
]
