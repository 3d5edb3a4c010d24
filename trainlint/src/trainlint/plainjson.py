"""How is a record printed as JSON by a part of the package that must not import torch?"""

import json


def to_json(record: object) -> str:
    """Indented JSON text; a number that is not finite is refused, for JSON has none.

    Args:
        record: of dictionaries, lists, texts and numbers.
    """
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
