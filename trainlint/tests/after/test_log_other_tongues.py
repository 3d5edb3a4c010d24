"""Are values told from lines of a source, in other languages, in lists, in bare columns, under other names?"""

import json
import math
from pathlib import Path

import pytest

from trainlint.after.postmortem import diagnose_path, diagnose_text
from trainlint.after.reading.names import in_english, name_of
from trainlint.after.reading.sources import read_file, read_text
from trainlint.after.series import Kind

PLACES = ("net.loop:validate:170 - ", "__main__:train_step:88 | ", "[validate.py:41] ", "(eval-loop.cc:281) ")


@pytest.mark.parametrize("place", PLACES)
def test_the_line_of_a_source_is_no_value(place: str):
    log = read_text("\n".join(f"{place}dev_loss={0.9**n:.4f}" for n in range(12)))
    assert {key: len(series.values) for key, series in log.series.items()} == {"dev_loss": 12}


@pytest.mark.parametrize("name", ["val:loss", "train:acc"])
def test_a_name_of_two_parts_keeps_its_value(name: str):
    assert len(read_text("\n".join(f"step {n} {name}:0.{99 - n}" for n in range(5))).series) == 1


TONGUES = {
    "Époque {n}/30 — perte : {a} — exactitude : {c} % — perte (valid.) : {b}": ("loss", "loss_valid"),
    "Epoche {n}: Verlust {a}, Genauigkeit {c}, Verlust (Validierung) {b}": ("loss", "loss_val"),
    "Época {n} | pérdida: {a} | exactitud: {c} | pérdida de validación: {b}": ("loss", "loss_de_val"),
    "第{n}轮/共30轮 训练损失：{a} 验证损失：{b} 准确率：{c}": ("train_loss", "val_loss"),
    "エポック{n}/30　学習損失：{a}　検証損失：{b}　正解率：{c}": ("train_loss", "val_loss"),
    "[에포크 {n}/30] 훈련 손실: {a}, 검증 손실: {b}, 검증 정확도: {c}": ("train_loss", "val_loss"),
    "Эпоха {n} из 30: потери на обучении = {a}; потери на валидации = {b}; точность = {c}": ("loss_train", "loss_val"),
    "Епоха {n}/30: втрати {a}, втрати на валідації {b}, точність {c}": ("loss", "loss_val"),
    "Epoche {n} von 30: Trainingsverlust = {a}, Validierungsverlust = {b}": ("trainings_loss", "val_loss"),
    "Époque {n} : perte {a}, perte de validation {b}, taux d'apprentissage 1e-3": ("loss", "loss_de_validation"),
    "Époque {n} : coût {a} ; coût de validation {b}": ("loss", "loss_de_validation"),
    "Época {n}: costo = {a}, costo de validación = {b}": ("loss", "loss_de_val"),
    "Epoca {n}; perdita = {a}; accuratezza = {c}; perdita di validazione = {b}": ("loss", "loss_di_val"),
    "Tijdvak {n}/30: trainingsverlies {a}, validatieverlies {b}, nauwkeurigheid {c}": ("trainings_loss", "val_loss"),
    "Epok {n}: träningsförlust={a}; valideringsförlust={b}; noggrannhet={c}": ("train_loss", "val_loss"),
    "Epoke {n}: treningstap = {a}; valideringstap = {b}; læringsrate = 0,001": ("train_loss", "val_loss"),
    "Epoke {n}: træningstab = {a}; valideringstab = {b}; nøjagtighed = {c}": ("train_loss", "val_loss"),
    "Epoka {n}: strata treningowa {a}, strata walidacyjna {b}, współczynnik uczenia 0,001": ("loss_train", "loss_val"),
    "Epocha {n}: ztráta {a}, validační ztráta {b}, přesnost {c}": ("loss", "val_loss"),
    "DÖNEM {n}/30 - KAYIP: {a} - DOĞRULAMA_KAYBI: {b} - öğrenme oranı: 0,001": ("loss", "val_loss"),
    "epoca {n}: pierderea {a}, pierderea validare {b}, rata de învățare 0,001": ("loss", "loss_val"),
}


@pytest.mark.parametrize("line", TONGUES)
@pytest.mark.parametrize("learns", [True, False])
def test_losses_are_read_in_other_languages(line: str, learns: bool):
    def told(value: float) -> str:
        return f"{value:.4f}".replace(".", ",")

    rows = [(n, 2.3 * 0.9**n if learns else 2.3026 + 0.0004 * math.sin(5.0 * n)) for n in range(1, 31)]
    text = "\n".join(line.format(n=n, a=told(a), b=told(1.02 * a), c=told(1 / a)) for n, a in rows)
    log = read_text(text)
    assert set(TONGUES[line]) <= set(log.series)
    assert all(log.of(kind) for kind in (Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS))
    assert log.epoch == 30
    assert bool(diagnose_text(text).findings) is not learns


@pytest.mark.parametrize(
    "rate",
    ["taux d'apprentissage", "tasa de aprendizaje", "leersnelheid", "Lernrate", "inlärningshastighet",
     "współczynnik uczenia", "öğrenme oranı", "скорость обучения", "taxa de aprendizado", "rychlost učení"],
)  # fmt: skip
def test_a_rate_is_read_in_other_languages(rate: str):
    assert name_of(rate).kind is Kind.RATE


@pytest.mark.parametrize("word", ["strategy", "pass", "test", "training", "orange", "tape", "tab", "temperature"])
def test_an_english_word_stays_what_it_is(word: str):
    assert in_english(f"{word}_loss = ") == f"{word}_loss = "


@pytest.mark.parametrize("learns", [True, False])
def test_a_table_with_titles_in_another_script_is_read(learns: bool):
    rows = [f"{n},{0.9**n:.4f},{0.95**n:.4f},{0.001 if learns or n < 5 else 0}" for n in range(1, 21)]
    verdict = diagnose_text("\n".join(["轮次,训练损失,验证损失,学习率", *rows]))
    assert ("train loss" in verdict.ran) and ("RT101" in verdict.codes) is not learns


@pytest.mark.parametrize("broken", [False, True])
def test_the_owner_of_a_quantity_is_part_of_its_name(broken: bool):
    value = [0.6931 if broken else 0.69 * 0.97**n for n in range(40)]
    text = "\n".join(
        f"[{n}]\ttraining's logloss: {v:.4f}\tvalid_1's logloss: {v + 0.01:.4f}" for n, v in enumerate(value)
    )
    best = text.splitlines()[7]
    verdict = diagnose_text(f"{text}\nBest iteration is:\n{best}\n")
    assert ({"RT204", "RT212"} <= set(verdict.codes)) is broken
    assert bool(verdict.findings) is broken


def test_a_list_of_terms_is_their_sum():
    head = "Step      Train loss               Test loss                Test metric"
    rows = [
        f"{100 * n:<10}[{0.5 * 0.8**n:.2e}, {0.25 * 0.8**n:.2e}]     [{0.8**n:.2e}, 1.00e-09]     [nan]"
        for n in range(9)
    ]
    log = read_text("\n".join([head, *rows]))
    assert log.series["train_loss"].values[:2].tolist() == pytest.approx([0.75, 0.6], rel=0.01)


@pytest.mark.parametrize("mark", [" ", "\t", ","])
@pytest.mark.parametrize("order", ["tvs", "svt", "v"])
def test_columns_of_bare_numbers_are_named_by_their_file(tmp_path: Path, mark: str, order: str):
    cells = [{"t": str(1658320019344 + 7919 * n), "v": f"{0.9**n:.5f}", "s": str(n)} for n in range(20)]
    path = tmp_path / "val_loss.txt"
    path.write_text("\n".join(mark.join(row[c] for c in order) for row in cells))
    assert {key: len(series.values) for key, series in read_file(path).series.items()} == {"val_loss": 20}
    path.write_text("\n".join(mark.join("nan" if c == "v" else row[c] for c in order) for row in cells))
    assert diagnose_path(path).findings


@pytest.mark.parametrize("form", ["{} {}", "{} tensor({}, grad_fn=<MeanBackward0>)", "[{}] {}", "{}: tensor({})"])
@pytest.mark.parametrize("breaks", [True, False])
def test_a_value_without_a_name_is_judged_for_being_a_number(form: str, breaks: bool):
    values = [math.nan if breaks and n > 7 else 0.9**n for n in range(20)]
    verdict = diagnose_text("\n".join(["start", *(form.format(n, v) for n, v in enumerate(values))]))
    assert bool(verdict.findings) is breaks
    assert "train loss: no line of the log names one" in verdict.blind


def test_bare_numbers_of_an_unknown_name_are_not_judged(tmp_path: Path):
    path = tmp_path / "data.txt"
    path.write_text("\n".join(f"{n % 3} {n % 5} {n % 7}" for n in range(30)))
    assert not read_file(path).series


@pytest.mark.parametrize("names", [("steps", "values"), ("steps", "timestamps", "values")])
def test_arrays_under_a_name_are_that_quantity(tmp_path: Path, names: tuple[str, ...]):
    columns = {"steps": [0, 10, 20], "timestamps": ["a", "b", "c"], "values": [0.9, 0.8, 0.7]}
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"training.loss": {name: columns[name] for name in names}}))
    log = read_file(path)
    assert log.series["training_loss"].values.tolist() == [0.9, 0.8, 0.7]
    assert log.series["training_loss"].steps.tolist() == [0, 10, 20]


@pytest.mark.parametrize(("other", "compared"), [("cross-entropy", False), ("cost", True)])
def test_two_quantities_are_no_measure_of_each_other(other: str, compared: bool):
    rows = [f"Ep. {n} : Cost {3 * 0.9**n:.4f}\n[valid] Ep. {n} : {other} : {60 * 0.9**n:.4f}" for n in range(1, 12)]
    assert ("RT211" in diagnose_text("\n".join(rows)).codes) is compared


@pytest.mark.parametrize("score", [0.0, 0.4])
def test_scores_of_zero_for_all_that_time_are_named_however_little_the_loss_falls(score: float):
    head = "EPOCH\tTRAIN_LOSS\tDEV_LOSS\tDEV_F1\tDEV_ACCURACY"
    rows = [f"{n}\t{0.77 + 0.17 / n**4:.5f}\t{0.75 + 0.001 / n:.5f}\t{score}\t{score}" for n in range(1, 40)]
    assert ("RT214" in diagnose_text("\n".join([head, *rows])).codes) is (score == 0.0)


@pytest.mark.parametrize(
    "ending",
    [
        "app_1 | received signal 15 (SIGTERM), bye",
        "app_1 exited with code 143",
        "Terminated",
        "caught SIGINT",
    ],
)
def test_a_run_that_was_told_to_stop_has_ended(ending: str):
    text = "\n".join(f"app_1 | [epoch {n}/100] loss={0.9**n:.4f}" for n in range(1, 30))
    assert diagnose_text(f"{text}\n{ending}\n").findings
    assert not diagnose_text(f"registered a handler of SIGTERM\n{text}\n").findings


def test_a_quoted_list_is_one_cell_of_a_table():
    rows = [f'{n},"[1e-3, 1e-4]",{0.9**n:.4f},"[0.{n + 10}, 0.{n + 20}]"' for n in range(30)]
    log = diagnose_text("\n".join(["epoch,lr,loss,class_acc", *rows]))
    assert log.healthy
    assert log.counts["values"] == 90


@pytest.mark.parametrize("text", ["features by SIGLIP: loss {}", "loss {} (got signal 0.4)"])
def test_a_word_that_begins_as_a_signal_does_ends_nothing(text: str):
    verdict = diagnose_text("\n".join(text.format(round(0.9**n, 4)) for n in range(30)))
    assert verdict.healthy, str(verdict)
