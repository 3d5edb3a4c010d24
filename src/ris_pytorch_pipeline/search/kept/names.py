"""What are the files of a search called, and which format do its results have? Known without Optuna."""

from ...files import Format

JOURNAL = "journal.jsonl"
"""Its trials, as Optuna appends them."""
BEST_FILE, RESULTS_FILE = "best.toml", "search.json"
"""The experiment of the best trial, as `ris train --config` takes it; and everything else."""
RESULTS_FORM = Format("ris-search", 1)
