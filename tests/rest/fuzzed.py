"""What the fuzzer is told beside the document: it leaves its own key alone, and writes down every answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import schemathesis

OWN = os.environ["ATAMO_FUZZED_KEY"]
ANSWERS = Path(os.environ["ATAMO_FUZZED"])


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Whether a call is made: none that would revoke the key it comes in by; and no batch that is wrong in a part, for
    that is told in the part's result, and the rest of it is taken."""
    told = case.meta
    wrong = told is not None and told.generation.mode == schemathesis.GenerationMode.NEGATIVE
    parts = len(case.body) if wrong and isinstance(case.body, list) else 0
    return OWN not in repr(case.path_parameters) and parts < 2


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """One line for each answer: method, path, status."""
    with ANSWERS.open("a") as file:
        file.write(f"{case.method} {case.operation.path} {response.status_code}\n")
