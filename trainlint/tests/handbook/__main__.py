"""Write the page `docs/rules.md` anew: `cd tests && python -m handbook`."""

from pathlib import Path

from .page import handbook

Path(__file__).parents[2].joinpath("docs", "rules.md").write_text(handbook(), encoding="utf-8")
