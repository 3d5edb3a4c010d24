"""What does a line without its numbers say about each of them? Lines of one shape are understood once.

The texts of a line, its template, decide what each number is: a value, a place, a total, an average, or nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..series import Kind, Name
from .names import PHASES, all_in_english, in_english, name_of

_PHASE = re.compile(r"(?<![\w/.\\-])(" + "|".join(sorted(PHASES, key=len, reverse=True)) + r")(?![\w/\\]|\.\w)", re.I)
_STATED = re.compile(
    r"\b(?:mode|split|phase|stage|subset)['\"]?\s{0,4}[:=]\s{0,4}['\"]?(" + "|".join(PHASES) + r")\b", re.IGNORECASE
)
_WRAPPER = re.compile(r"(?:tensor|array|(?:np|numpy|torch)\.\w{1,20}|float\d{0,3})\(\[?$")
_CUT = re.compile(r"[|│,;{}\[\]\"'<>=:\t]|\s-+\s|\s{2,}|^\s*[)%\]}]+")
_WORD = re.compile(r"(?:[^\W\d]|[‖_#])[^\s]{0,63}")
_PLACE = re.compile(r"[\[(]?(?:([\w.<>]{1,99}):([\w<>.]{1,99})|\S{1,99}\.(?:py|cc|cpp|cu|h|jl|lua|rs)):")
_OWN = re.compile(r"(?<=\w)['’]s\s|\s[dl]['’](?=\w)")
"""`training's auc`, `taux d'apprentissage`."""
_KEYS = re.compile(r"['\"]([^'\"{}]{1,64})['\"]\s{0,4}:\s{0,4}\{|([{}])")
_SETTINGS = re.compile(r"\bbatch_size|weight_decay|num_workers|Namespace\(|\bseed\b['\"]?\s{0,2}[:=]", re.IGNORECASE)
_SKIPPED = re.compile(
    r"skipping (?:step|update|optimizer|this)|overflow detected|overflow!|gradient overflow|step (?:was )?skipped"
    r"|skipped step|skip(?:ping)? (?:the )?(?:optimizer )?(?:step|update)|found inf|grad(?:ient)?s? overflow",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\s{0,8}\[?0[\]):]{0,2}[ \t]{1,8}(?:tensor\()?0(?:[),][^\w]{0,8}(?:[a-z_]{1,20}=.{1,80})?)?")
"""`print(step, loss)`, a value without a name."""
_NULL = re.compile(r"[\"']([^\"'{}:,]{1,64})[\"']\s{0,4}:\s{0,4}(?:null|None)\b")
_BAR = re.compile(r"%\||0it/s|0s/it|\[=|=>|━|█|\[\s?#")
_AVERAGE = re.compile(r"\s*\(\s*(?:avg|mean|ave|average|global_avg)?\s*[:=]?\s*", re.IGNORECASE)
_LIST = re.compile(r"['\")]?\s*[,;]?\s*['\"]?(?:tensor\()?")
_BRACKET = re.compile(r"\s*[\])]?\s*,?\s*[\[(]\s*")
_FOLLOWS = re.compile(r"\s([A-Za-z][\w ]{1,30}?)\s{0,4}(?:[,;|]|$)")
_MARKS = frozenset((",", ":", ";", "|"))
_FOLLOWING = (Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS, Kind.METRIC, Kind.RATE, Kind.GRADIENT_NORM)
_OPENS = re.compile(r"\s{0,4}\[")
_BATCHES = re.compile(r"\s{1,4}batches\b")
_UNIT = re.compile(r"[A-Za-zµ]")
_AT = "(?:at|after|for|in|on|of|over|during|the|end|nach|bei|für|après|pour|en|à|le|la|po|na|para|per|после|для)"
_PLACED = re.compile(
    rf"(.*?\w['\"]?)( ?[(\[] ?(?:{_AT} )*| (?:{_AT} )+| [-–] | ?[,|@] ?| )([^\W\d]\w*) ?#?([:=]?)", re.IGNORECASE
)
"""A quantity, and a place directly before the number: `loss at epoch 3`, `loss (step 3`, `loss epoch 3`."""
_UNNAMED = re.compile(rf"(.*?\w['\"]?)(?: (?:{_AT} ?)+[(\[]?| ?[@(\[]{{1,2}})", re.IGNORECASE)
_COUNTS = re.compile(r"(?:st|nd|rd|th)?\s{1,4}([^\W\d]\w*)[^\w/(\[]*")
_STATES = re.compile(r"\s*(?:[:=]+|[-=]>|→|is|was)\s*")
_AMONG = re.compile(r"\s[^\W\d][\w ]{0,60}" + _STATES.pattern)
_GOES_ON = re.compile(r"[-\s)\]:=|,;>→]{0,24}(?:is|was|value)?[\s:=]{0,24}")
_AVERAGED = " (average)"
_LONG = 400
"""Texts of a line that are asked what the line is."""
_SHORT = 24
"""Characters: a text between two numbers that say one thing is shorter."""
POSITIONS = frozenset((Kind.EPOCH, Kind.STEP, Kind.PLANNED, Kind.BATCHES, Kind.WARMUP))


@dataclass(frozen=True)
class Slot:
    """What one number of a template is."""

    index: int
    name: Name


@dataclass(frozen=True, kw_only=True)
class Template:
    """What a line without its numbers says."""

    slots: tuple[Slot, ...] = ()
    positions: tuple[Slot, ...] = ()
    bar: bool = False
    skip: bool = False
    phase: str = ""
    settings: bool = False
    ends: bool = False
    claims: bool = False
    missing: tuple[Name, ...] = ()


def understand(texts: list[str], phase: str) -> Template:
    """The template of a line."""
    texts = all_in_english(texts)
    whole = "0".join(texts[:_LONG])[: 10 * _LONG]
    if _SETTINGS.search(whole):
        return Template(settings=True)
    if _SKIPPED.search(whole):
        return Template(skip=True, slots=_scale(texts), phase=phase)
    if _PAIR.fullmatch(whole):
        return Template(slots=(Slot(1, Name(key="unnamed", kind=Kind.OTHER)),), positions=(Slot(0, name_of("step")),))
    stated = _STATED.search(whole)
    reader = _Reader(texts, PHASES.get(stated[1].lower(), "") if stated else "", phase)
    slots = [Slot(i, name) for i in range(len(texts) - 1) if (name := reader.name(i)) is not None]
    return Template(
        slots=tuple(s for s in slots if s.name.kind not in POSITIONS and s.name.kind is not Kind.IGNORED),
        positions=epochs_first(s for s in slots if s.name.kind in POSITIONS),
        bar=bool(_BAR.search(whole)),
        phase=reader.said or phase_of(texts[-1] if len(texts) == 1 else ""),
        missing=tuple(name_of(found[1], phase) for found in _NULL.finditer(whole)),
    )


def epochs_first(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    """Positions in the order in which they count: steps may begin anew with an epoch."""
    return tuple(sorted(slots, key=lambda slot: slot.name.kind is not Kind.EPOCH))


def phase_of(text: str) -> str:
    """The phase that a text names last; empty where it names none."""
    found = _PHASE.findall(in_english(text[-_LONG:]))
    return PHASES.get(found[-1].lower(), "") if found else ""


def _scale(texts: list[str]) -> tuple[Slot, ...]:
    marked = [i for i, text in enumerate(texts[:-1]) if re.search(r"scale|\bto\b|reducing", text, re.IGNORECASE)]
    return (Slot(marked[-1], name_of("loss_scale")),) if marked else ()


class _Reader:
    def __init__(self, texts: list[str], stated: str, before: str) -> None:
        self.texts, self.stated, self.before, self.said = texts, stated, before, stated
        self.last: Name | None = None
        self.last_text = self.carried = self.unit = ""
        self.keys: list[str] = []

    def name(self, index: int) -> Name | None:
        text, behind = self.texts[index], self.texts[index + 1]
        self._nest(text)
        self.said = self.stated or phase_of(text) or self.said
        found = self._name(index, text)
        if found is not None and found.kind not in POSITIONS and _UNIT.match(behind):
            found = None if found.kind is not Kind.MOTION else found
        if found is not None and found.kind not in {*POSITIONS, Kind.IGNORED}:
            self.carried = ""
        self.last = found
        return found

    def _name(self, index: int, text: str) -> Name | None:
        if index:
            followed = self._followed(text)
            if followed is not _NEW:
                return followed if isinstance(followed, Name) else None
        if index == 0 and not text.strip(" [(#"):
            return self._leading()
        if _BATCHES.match(self.texts[index + 1]):
            return name_of("batches")
        self.last_text = text
        if _in_source(text[-_LONG:].split(" ")[-1]):
            return None
        words, separated = self._words(text, self.texts[index + 1])
        if (place := self._place(index, text)) is not None or not words:
            return place or self._behind(index, text)
        if all(w.lower() in PHASES for w in words.split()) and (found := _numbered(self.texts[index + 1])) is not None:
            return found
        phase = self.said or self.before
        path = "/".join([*filter(None, self.keys), words])
        named = name_of(path, phase)
        if separated or named.kind in POSITIONS:
            return named
        if named.kind is Kind.OTHER:  # `Saved 3 files` names nothing, `| ppl 9.1 |` may
            return named if text.strip().startswith(("|", ",", "-")) and " " not in words else None
        return named

    def _words(self, text: str, behind: str) -> tuple[str, bool]:
        goes_on = (
            self.carried
            and (text == self.unit if self.unit else _GOES_ON.fullmatch(text))
            and behind[:1] not in {"/", "%"}
        )
        return (self.carried, True) if goes_on else _label(text)

    def _place(self, index: int, text: str) -> Name | None:
        ahead, plain = self.texts[index + 1 : min(index + 4, len(self.texts) - 1)], " ".join(text[-200:].split())
        found, unit = _PLACED.fullmatch(plain), ""
        named = name_of(found[3]) if found else None
        words = found[1] if found else ""
        if found and named and found[2].replace(" ", "").isalpha() and named.kind is Kind.OTHER and _stated(ahead):
            words, unit, named = plain, _stated(ahead), _NOTHING  # `loss for fold 3: 0.5`
        elif found is None or named is None or named.kind not in {Kind.EPOCH, Kind.STEP}:
            found = _UNNAMED.fullmatch(plain)
            unit = next((t for t in ahead if t.strip() != ","), self.texts[index + 1])
            named, words = _unnamed(plain, unit, ahead) if found else None, found[1] if found else ""
        elif not _is_place(found[2].strip(), found[4], ahead):
            named = None
        words = _label(words)[0] if named else ""
        if name_of(words).kind not in _FOLLOWING or all(w.lower() in PHASES for w in words.split()):
            return None
        self.carried, self.unit = words, unit
        return named

    def _followed(self, text: str) -> object:
        last, stripped = self.last, text.strip()
        if len(text) > _SHORT:
            return _NEW
        if stripped in {"/", "of", "out of"}:
            totals = {Kind.EPOCH: "epochs", Kind.STEP: "batches"}
            return name_of(totals[last.kind]) if last is not None and last.kind in totals else None
        if _BRACKET.fullmatch(text) and last is not None and last.kind in {Kind.EPOCH, Kind.PLANNED}:
            return name_of("step")
        if _AVERAGE.fullmatch(text):
            return _averaged(last)
        if stripped == "," and last is not None and last.kind is Kind.EPOCH and self.last_text.strip() == "[":
            return name_of("step")
        if _LIST.fullmatch(text) and (stripped or text):
            return _next_group(last) if last is not None and last.kind is Kind.RATE and not last.average else _NEW
        return _NEW

    def _behind(self, index: int, text: str) -> Name | None:
        found = _FOLLOWS.match(self.texts[index + 1]) if text.strip() in _MARKS else None
        named = name_of(found[1], self.said or self.before) if found else None
        return named if named is not None and named.kind in _FOLLOWING else None

    def _leading(self) -> Name | None:
        behind = self.texts[1] if len(self.texts) > 1 else ""
        self.last_text = self.texts[0]
        pair = self.texts[0].strip() == "[" and (behind.strip() == "," or "][" in "".join(self.texts[1:3]))
        if pair:
            return name_of("epoch")
        return name_of("step") if behind.strip() == "/" or behind.startswith(("]", "\t", ":")) else None

    def _nest(self, text: str) -> None:
        if ("{" in text or "}" in text) and len(text) <= _LONG:
            for key, mark in _KEYS.findall(text):
                if mark == "}":
                    self.keys = self.keys[:-1]
                else:
                    self.keys.append(key if len(self.keys) < 8 else "")


_NEW = object()
_NOTHING = Name(key="", kind=Kind.IGNORED)


def _stated(ahead: list[str]) -> str:
    told = ahead[bool(ahead) and ahead[0].strip() in {"/", "of"} :]
    return told[0] if told and _STATES.fullmatch(told[0]) else ""


def _is_place(joint: str, stated: str, ahead: list[str]) -> bool:
    if joint[:1] in {"(", "["}:
        return any(t.strip()[:1] in {")", "]"} and _GOES_ON.fullmatch(t) for t in ahead)
    return not stated if stated or joint not in {"", "of"} else bool(_stated(ahead))


def _unnamed(text: str, behind: str, ahead: list[str]) -> Name | None:
    opens = text[-1] in {"(", "["}
    stated = bool(ahead) and _STATES.fullmatch(behind[opens:]) is not None
    if opens:
        return _NOTHING if stated else None
    unit = _COUNTS.fullmatch(behind)
    counted = name_of(unit[1]).kind if unit else Kind.STEP if stated else None
    if counted in {Kind.EPOCH, Kind.PLANNED, Kind.STEP, Kind.BATCHES}:
        return name_of("epoch" if counted in {Kind.EPOCH, Kind.PLANNED} else "step")
    return _NOTHING if _AMONG.fullmatch(behind) else None  # `loss on 500 test images: 0.5`


def _numbered(behind: str) -> Name | None:
    if behind.strip() == "/":
        return name_of("step")
    return name_of("epoch") if _OPENS.match(behind) else None


def _next_group(last: Name) -> Name:
    base, _, number = last.key.partition("[")
    return Name(key=f"{base}[{int(number.rstrip(']') or 0) + 1}]", kind=last.kind)


def _averaged(last: Name | None) -> Name | None:
    if last is None or last.kind in POSITIONS or last.average:
        return None
    return replace(last, key=last.key + _AVERAGED, average=True)


def _in_source(word: str) -> bool:
    found = _PLACE.fullmatch(word)
    if found is None or found[1] is None:
        return found is not None
    named = name_of(found[2])
    if named.kind in POSITIONS:
        return "." in found[1] or "__" in found[1]
    return named.kind not in _FOLLOWING or found[2].lower() in PHASES


def _label(text: str) -> tuple[str, bool]:
    text = _OWN.sub(" ", _WRAPPER.sub("", text[-200:].rstrip()).rstrip("[({'\"<~ \t"))
    bare = text.rstrip(":=>→ \t")
    separated = len(bare) < len(text.rstrip())
    bare = bare.rstrip("'\"`")
    if bare.endswith(" is"):
        bare, separated = bare[:-3], True
    phrase = _CUT.split(bare)[-1]
    if not phrase.strip() and bare.endswith(("|", "│")):  # a table with a name and a number in each row
        phrase, separated = _CUT.split(bare.rstrip("|│ \t"))[-1], True
    words = [w for w in phrase.split() if _WORD.fullmatch(w) or w.startswith("(")][-4:]
    return " ".join(words), separated
