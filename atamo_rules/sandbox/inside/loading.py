"""Code of users as a module with one function, `evaluate`, and why it is not taken as one.

Beside what Python says itself, two things are refused that would work: a thread that is left running, and changing what
belongs to the library, on which this loop stands as well.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

NAME = "provider"
"""What the module is called, for itself."""
MOST = 500
"""Characters of a message that are handed on."""
FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, type)

Fault = Mapping[str, Any]
"""`kind`, `message`, and `line`, which may be null."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Code that was taken."""

    name: str
    evaluate: Callable[[Any], Any]


class NotTaken(Exception):
    """Code was not taken; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault["message"])
        self.fault = fault


def load(name: str, text: str) -> Loaded:
    """The code of a file. Raises NotTaken."""
    module = ModuleType(NAME)
    module.__file__ = name
    sys.modules[NAME] = module
    owned = _functions()
    try:
        exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:  # somebody's code
        raise NotTaken(reason(error, name, "load")) from None
    changed = _changed(owned)
    if changed:
        raise NotTaken(_fault("load", f"it changes `{changed}`, which is not its own"))
    if len(sys._current_frames()) > 1:
        raise NotTaken(_fault("load", "it leaves a thread running"))
    evaluate = module.__dict__.get("evaluate")
    if not callable(evaluate):
        raise NotTaken(_fault("load", "it has no function `evaluate(event)`"))
    line = getattr(getattr(evaluate, "__code__", None), "co_firstlineno", None)
    if inspect.iscoroutinefunction(evaluate) or inspect.isgeneratorfunction(evaluate):
        raise NotTaken(_fault("load", "`evaluate` is to be a plain function that gives a list", line))
    try:
        inspect.signature(evaluate).bind({})
    except (TypeError, ValueError):
        raise NotTaken(_fault("load", "`evaluate` is to take one argument, the event", line)) from None
    return Loaded(name, evaluate)


def _functions() -> dict[str, dict[str, Any]]:
    """The functions and classes of every module that is loaded by now."""
    return {
        name: {key: value for key, value in vars(module).items() if isinstance(value, FUNCTIONS)}
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and name != NAME
    }


def _changed(owned: Mapping[str, Mapping[str, Any]]) -> str:
    """The first of them that is another now."""
    for name, functions in owned.items():
        module = sys.modules.get(name)
        if not isinstance(module, ModuleType):
            return name
        now = vars(module)
        for key, value in functions.items():
            if now.get(key) is not value:
                return f"{name}.{key}"
    return ""


def reason(error: BaseException, name: str, kind: str) -> Fault:
    """What an exception says, and the line of the file at which it was raised."""
    if isinstance(error, MemoryError):
        return _fault("memory", "it wants more memory than it may have", _line(error.__traceback__, name))
    if isinstance(error, SyntaxError) and error.filename == name:
        return _fault("syntax", error.msg, error.lineno)
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()
    message = (said[-1] if said else type(error).__name__)[:MOST]
    return _fault(kind, message, _line(error.__traceback__, name))


def _fault(kind: str, message: str, line: int | None = None) -> Fault:
    return {"kind": kind, "message": message, "line": line}


def _line(trace: TracebackType | None, name: str) -> int | None:
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
