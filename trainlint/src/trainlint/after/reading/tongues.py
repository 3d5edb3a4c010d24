"""Which words of a log in another script mean what English ones do? They are read as those."""

import re
import unicodedata
from collections.abc import Sequence

_MEANINGS = {
    "lr": "学习率|學習率|学習率|학습률|скорост[ьи] обучения",
    "best": r"最佳|最好|最高|最優|最良|ベスト|최고|лучш\w+",
    "time": r"用时|耗时|时间|時間|시간|врем\w+",
    "loss": r"损失|損失|손실|потер\w+",
    "acc": r"准确率|準確率|正确率|正解率|精度|정확도|точност\w+",
    "error": r"误差|誤差|오차|ошибк\w+",
    "train": r"训练|訓練|学習|훈련|학습|обуч\w+",
    "val": r"验证|驗證|検証|검증|测试|測試|テスト|테스트|валидаци\w+|тест\w*",
    "epoch": r"轮次?|周期|エポック|에포크|эпох\w+",
    "step": r"步数?|迭代|ステップ|스텝|шаг",
}
_ENGLISH = tuple(_MEANINGS)
_MEANT = re.compile(f" ?(?:{'|'.join(f'({words})' for words in _MEANINGS.values())})", re.IGNORECASE)
_GAP = "\0"
"""Stands where a number stood."""
_COUNTED = re.compile(rf"第\s*{_GAP}\s*[个個]?\s*(epoch|step)")
"""The third round: its name stands behind its number."""
_TOTAL = re.compile(rf"(?:/|из|共)\s*共?\s*{_GAP}\s*(?:epoch|step)?(?![a-z])")


def in_english(text: str) -> str:
    """A text whose known words are English ones, and whose marks are plain ones."""
    if text.isascii():
        return text
    told = _MEANT.sub(lambda m: f"\1{_ENGLISH[(m.lastindex or 1) - 1]}\1", unicodedata.normalize("NFKC", text))
    return told.replace("\1\1", " ").replace("\1", " ")


def all_in_english(texts: Sequence[str]) -> list[str]:
    """The texts between the numbers of a line; a name that stands behind its number is put before it."""
    told = in_english(_GAP.join(text.replace(_GAP, " ") for text in texts))
    return _TOTAL.sub(f"/{_GAP}", _COUNTED.sub(rf" \1 {_GAP}", told)).split(_GAP)
