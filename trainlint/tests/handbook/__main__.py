"""Write the page `docs/rules.md` and its pages anew: `cd tests && python -m handbook`."""

from pathlib import Path

from .page import handbook

for name, text in handbook().items():
    path = Path(__file__).parents[2] / "docs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
