"""Rules about files, runs and search: can the result be trusted and found again (RT5xx)?"""

from ..findings import Rule, Severity, State

_FATAL, _WARNING, _SUSPICIOUS = Severity.FATAL, Severity.WARNING, State.SUSPICIOUS

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
DIED = Rule(
    "RT501", "died-without-record", _WARNING, _SUSPICIOUS, "D8",
    "The last run left a ledger without an end.",
    "The process was killed, most often for memory.",
    "Run the preflight with the same configuration; compare its memory estimate with what is free.",
)
CHECKPOINT = Rule(
    "RT502", "checkpoint-differs", _FATAL, _SUSPICIOUS, "E1",
    "A loaded model predicts something else, or does not load.",
    "Keys are missing or left over (wrapped and bare names mixed), and strict=False hides it.",
    "Save the bare module, load strictly, and compare predictions bit by bit.",
)
NOT_EVALUATED = Rule(
    "RT503", "saved-not-evaluated", _FATAL, _SUSPICIOUS, "E2",
    "Re-scoring the best file gives another value.",
    "The saved weights are not those that were evaluated (averaged against live ones).",
    "Save what was scored, and re-score after saving.",
)
RESUME = Rule(
    "RT504", "resume-incomplete", _FATAL, _SUSPICIOUS, "E3",
    "The loss jumps after a restart.",
    "Part of the state was not stored: optimiser, schedule, scaler, random streams or data position.",
    "Store all of it; a resumed run must equal an uninterrupted one.",
)
NO_BEST = Rule(
    "RT505", "best-never-set", _WARNING, _SUSPICIOUS, "E4",
    "The run returns inf and leaves no best file.",
    "The best value is compared with NaN, in the wrong direction, or never updated.",
    "After the first epoch the best value must be finite and its file must exist.",
)
SEARCH = Rule(
    "RT506", "search-blind", _WARNING, _SUSPICIOUS, "E5",
    "Nothing is pruned, the search is flat.",
    "The pruner gets no report, two values mean the same model, or a searched knob cannot change the objective.",
    "Report every epoch; compare parameter counts and objectives over the values of each knob.",
)
HIDDEN_FAILURE = Rule(
    "RT507", "failure-hidden", _WARNING, _SUSPICIOUS, "E6",
    "A metric is the same round number for many samples, or equal to the loss.",
    "A failed estimate was replaced by a penalty, or a failed metric by the loss.",
    "Report coverage beside the error, and count failures.",
)
ANOTHER_RUN = Rule(
    "RT508", "another-run", _FATAL, _SUSPICIOUS, "E7",
    "The diagnosis does not fit what you see.",
    "The log belongs to another run: other code, configuration or data.",
    "Compare the identity in the ledger's first record.",
)
STOPPED = Rule(
    "RT509", "stopped-by-an-error", _WARNING, State.STOPPED, "A1, A11",
    "The run ended before its last epoch.",
    "The loop raised the error that is quoted.",
    "Mend what it names, and resume from the newest checkpoint.",
)
