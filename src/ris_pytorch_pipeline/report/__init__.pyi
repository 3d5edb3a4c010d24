from .axis_figure import axis_figure
from .geometry import geometry_axes, geometry_figure, plan_axes
from .heat_map import heat_maps
from .kept_tables import KeptTable, read_kept_table
from .latex_tables import latex_kept, latex_table, tabular
from .markdown_tables import KeptFile, table_of, tables_in, tabulated
from .pages.bench_page import bench_report
from .pages.compared_runs import compared_runs
from .pages.explorer import SeenScene, badness, explored
from .pages.parts import Report, Table
from .pages.reliability import Held
from .pages.run_page import EvaluationShown, RunShown, run_report
from .pages.search_page import search_report
from .pages.templating import report_page
from .pages.volume import spectra, volume_of
from .result_table import ResultTable, filled, source_line
from .search_history import search_history
from .spectrum import direction_axes, distance_axes, spectrum_figure
from .style import EMBEDDED
from .success_bars import success_by_value
from .sweeps import check_points, rmse_against_snr, success_against_snr, sweep_figure
from .training import training_figure

__all__ = [
    "EMBEDDED",
    "EvaluationShown",
    "Held",
    "KeptFile",
    "KeptTable",
    "Report",
    "ResultTable",
    "RunShown",
    "SeenScene",
    "Table",
    "axis_figure",
    "badness",
    "bench_report",
    "check_points",
    "compared_runs",
    "direction_axes",
    "distance_axes",
    "explored",
    "filled",
    "geometry_axes",
    "geometry_figure",
    "heat_maps",
    "latex_kept",
    "latex_table",
    "plan_axes",
    "read_kept_table",
    "report_page",
    "rmse_against_snr",
    "run_report",
    "search_history",
    "search_report",
    "source_line",
    "spectra",
    "spectrum_figure",
    "success_against_snr",
    "success_by_value",
    "sweep_figure",
    "table_of",
    "tables_in",
    "tabular",
    "tabulated",
    "training_figure",
    "volume_of",
]
