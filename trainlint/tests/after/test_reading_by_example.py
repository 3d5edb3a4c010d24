"""What does each of a reader's parts make of a line, a name or a number? One example of each."""

import math

from trainlint.after.judging.standstill import longest_row
from trainlint.after.reading.documents import rows
from trainlint.after.reading.names import name_of, quantity, words_of
from trainlint.after.reading.numerals import Commas, cell, decimals, number
from trainlint.after.reading.reader import Reader
from trainlint.after.reading.tables import Header, header, phases, untitled
from trainlint.after.reading.template import phase_of
from trainlint.after.series import runs, trailing


def test_names() -> None:
    assert words_of("train/valLoss(B)") == ["train", "val", "loss", "b"]
    assert words_of("Époque") == ["epoque"]
    assert name_of("Val Loss").kind.value == "validation loss"
    assert name_of("loss", "val").key == "val_loss"
    assert name_of("box_loss").term
    assert quantity("val_cross_entropy") == {"cross", "entropy"}
    assert quantity("train_loss") == frozenset()
    assert [phase_of(text) for text in ("Test set:", "saved to /data/val/best")] == ["val", ""]


def test_numbers() -> None:
    assert [number(text) for text in ("1e-3", "0:21:00")] == [0.001, None]
    assert all(math.isnan(number(text) or 0.0) for text in ("-1.#IND", ".nan"))
    assert math.isnan(cell(" tensor(nan) ") or 0.0)
    assert [cell(text) for text in ("1/10", "#na#", "[0.5, 0.25]", "[]")] == [1.0, None, 0.75, None]
    assert [decimals(text) for text in ("0.6931", "6.9e-5", "0")] == [4, None, None]
    commas = Commas()
    assert commas.read("Epoch 3: loss 0,750 val 1,100") == "Epoch 3: loss 0.750 val 1.100"
    assert commas.read("12:30:01,123 betas=[1,2]") == "12:30:01,123 betas=[1,2]"


def test_tables_and_documents() -> None:
    titles = header("epoch,train_loss,lr")
    assert isinstance(titles, Header)
    assert [n.kind.value for n in titles.names if n] == ["epoch", "train loss", "learning rate"]
    above = phases("          Training |  Validation")
    assert above is not None
    assert above.phases == ("train", "val")
    assert phases("epoch | train | val") is None
    bare = untitled(["1658320019344 4.6 0", "1658320027382 4 1", "1658320035711 3 2"], "loss")
    assert bare is not None
    assert [n and n.key for n in bare.names] == [None, "loss", "step"]
    assert list(rows({"log_history": [{"loss": 0.5, "step": 1}]})) == [[("loss", 0.5), ("step", 1.0)]]
    by_epoch = [[("epoch", 1.0), ("loss", 0.5)], [("epoch", 2.0), ("loss", 0.4)]]
    assert list(rows({"loss": [0.5, 0.4]})) == by_epoch


def test_lines_and_series() -> None:
    reader = Reader()
    for line in ("Epoch 1/2 loss: 0.5", "Epoch 2/2 loss: tensor(nan)"):
        reader.line(line)
    first, second = reader.log.series["loss"].values
    assert (first, math.isnan(second), reader.log.planned) == (0.5, True, 2)
    assert longest_row([1.0, 2.0, 2.0, 3.0]) == (2.0, 2, 3)
    assert runs([1.0, 1.0, 2.0]) == [(0, 2), (2, 3)]
    assert trailing([True, False, True, True]) == 2
