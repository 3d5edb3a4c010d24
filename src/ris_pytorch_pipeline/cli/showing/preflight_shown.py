"""How is a preflight told in one line, and in full where a check failed?"""

from trainlint import Preflight, show_preflight


def show_counted(found: Preflight, *, as_json: bool = False) -> None:
    """Print how many checks passed, and every one of them where one did not.

    Args:
        found: by the checks.
        as_json: JSON is wanted alone: nothing where all passed.
    """
    if not as_json:
        print(f"preflight: {sum(line.passed for line in found.lines)} of {len(found.lines)} checks passed", flush=True)
    if not found.passed:
        show_preflight(found, as_json=as_json)
