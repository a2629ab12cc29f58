"""Lists as JSON, item by item; light, for commands that open no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable


def tell_each(documents: Iterable[object]) -> None:
    """Print one JSON document, a list: it may be longer than the memory."""
    head = "["
    for each in documents:
        sys.stdout.write(head)
        json.dump(each, sys.stdout, ensure_ascii=False)
        head = ", "
    sys.stdout.write("[]\n" if head == "[" else "]\n")
