"""Code that rules name: `package.module:Name`, `./agents/pager.py:Name`, or a program. Whoever runs the hub allows it.

Rules are data that many may write, and naming code is running it. So nothing is allowed unless it was said where the
hub is started: a package with all that is below it, a folder or file of the project, or a program by its path.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from atamo_rules.errors import NotAllowed
from atamo_rules.hub.plugins import contained

FORMAT = "atamo-code"
"""The `format` of a setting, in a plug-in's schema, that names code."""


def is_code(name: str) -> bool:
    """Whether what a rule file names is a place where code is, and no plug-in's name."""
    return ":" in name or name.startswith("/")


def allow(where: str, allowed: Sequence[str], folder: str) -> None:
    """Nothing, when code may be run from there. Raises NotAllowed with a sentence."""
    module = where.partition(":")[0]
    if any(_covers(one, module, folder) for one in allowed):
        return
    raise NotAllowed(f"`{where}` is code, and code that rules name is not allowed here")


def remedy(where: str) -> str:
    """What whoever runs the hub would have to say to allow it."""
    return f"whoever runs the hub can allow it: `--code {where.partition(':')[0]}`"


def _covers(one: str, module: str, folder: str) -> bool:
    if _is_path(one) or _is_path(module):
        if not (_is_path(one) and _is_path(module)):
            return False
        wide, narrow = (_resolved(path, folder) for path in (one, module))
        if module.startswith("/"):
            return wide == narrow
        root = Path(folder).resolve()
        return narrow.is_relative_to(wide) and narrow.is_relative_to(root)
    return module == one or module.startswith(f"{one}.")


def _is_path(text: str) -> bool:
    return text.startswith(("/", "./", "../")) or text == "."


def _resolved(path: str, folder: str) -> Path:
    return (Path(folder) / path).resolve()


def load(where: str, folder: str) -> Any:
    """What a place names. It is not asked whether that is allowed. Raises PluginBroken with the cause."""
    module, _, name = where.partition(":")

    def loaded() -> Any:
        found: Any = _file(_resolved(module, folder), module) if _is_path(module) else import_module(module)
        whose = module
        for part in name.split("."):
            if not hasattr(found, part):
                public = [one for one in dir(found) if not one.startswith("_")]
                near = get_close_matches(part, public, n=1)
                raise AttributeError(
                    f"`{whose}` has no `{part}`" + (f"; did you mean `{near[0]}`?" if near else "")
                )
            found, whose = getattr(found, part), part
        return found

    return contained(where, loaded)


def _file(path: Path, said: str) -> ModuleType:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file `{said}` in the project's folder") from None
    return _module(str(path), sha256(raw).hexdigest())


@cache
def _module(path: str, digest: str) -> ModuleType:
    """A file as a module of its own, again when its text has changed."""
    spec = spec_from_file_location(f"atamo_project_{digest[:16]}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"`{path}` is no Python file")
    made = module_from_spec(spec)
    sys.modules[made.__name__] = made
    try:
        spec.loader.exec_module(made)
    except BaseException:
        sys.modules.pop(made.__name__, None)
        raise
    return made


def named(schema: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    """The places of code that settings name, by the schema's word for which of them do."""
    for key, value in settings.items():
        about = schema.get("properties", {}).get(key, {})
        if about.get("format") == FORMAT and isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            inner = about.get("additionalProperties", {})
            if isinstance(inner, Mapping) and inner.get("format") == FORMAT:
                yield from (one for one in value.values() if isinstance(one, str))
