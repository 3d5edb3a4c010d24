"""All programs of the catalogue: those that run under a watch, and those that hand a value to a check."""

from . import test_compared, test_data, test_losses, test_movement, test_numbers, test_runs, test_updates

WATCHED = {
    **test_updates.ROWS, **test_movement.ROWS, **test_losses.WATCHED, **test_numbers.WATCHED, **test_data.WATCHED,
    **test_runs.WATCHED,
}  # fmt: skip
CHECKED = {
    **test_compared.CHECKED, **test_losses.CHECKED, **test_numbers.CHECKED, **test_data.ROWS,
    **test_runs.CHECKED,
}  # fmt: skip
