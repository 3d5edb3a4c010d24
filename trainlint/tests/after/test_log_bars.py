"""Are the values of progress bars read as they are meant: numbers in a bar's own spelling, losses that stand still?"""

import pytest

from trainlint.after.postmortem import diagnose_text
from trainlint.after.reading.numerals import number

BAR = "Epoch {e}: 100%|████| 156/156 [00:15<00:00, 10.1it/s, v_num=3, train_loss_step={a}, val_loss={b}]"


@pytest.mark.parametrize(("token", "told"), [("nan.0", "nan"), ("-inf.0", "-inf"), (".nan", "nan"), ("nan.py", "None")])
def test_nan_is_read_as_bars_and_documents_spell_it(token: str, told: str):
    assert str(number(token)) == told


@pytest.mark.parametrize("breaks", [True, False])
def test_a_loss_that_becomes_nan_in_a_bar_is_named(breaks: bool):
    rows = [("nan.0", "nan.0") if breaks and e > 4 else (f"{0.9**e:.3f}", f"{0.95**e:.3f}") for e in range(9)]
    verdict = diagnose_text("\n".join(BAR.format(e=e, a=a, b=b) for e, (a, b) in enumerate(rows)))
    assert ("RT201" in verdict.codes) is breaks
    assert verdict.counts["epochs"] == 9


@pytest.mark.parametrize(("metric", "named"), [(", acc=0.{k}", True), ("", False)])
def test_a_bar_that_goes_on_tells_that_its_loss_stands_still(metric: str, named: bool):
    """Equal values of a bar may be one value printed again: where another one moves beside it, they are not."""
    line = "Epoch {e}/4:  {p}%|###       | {p}/100 [00:01<00:00, 11.2it/s, loss=0.693" + metric + "]"
    rows = [line.format(e=e, p=10 * k, k=50 + (7 * k + e) % 9) for e in range(1, 5) for k in range(10)]
    assert ("RT204" in diagnose_text("\r".join(rows)).codes) is named
