"""The reference pages that are made from the code. `python -m tests.docs.generate` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from atamo_rules.cli import main as cli
from atamo_rules.cli import settings
from atamo_rules.cli.config import schema_of
from atamo_rules.compiler.describe import describe
from atamo_rules.functions import lists, loose, loose_math, net, numbers, text, time
from atamo_rules.functions.signature import Function
from atamo_rules.hub.audit.levels import MEANING
from atamo_rules.model.strict_json import encode
from atamo_rules.rest.access import Access
from atamo_rules.rest.app import entries
from atamo_rules.rest.catalogue import CATALOGUE
from atamo_rules.rest.openapi import document
from atamo_rules.rest.openapi import plain as plain_path
from atamo_rules.rest.operations import OPERATIONS
from atamo_rules.source import pages
from atamo_rules.source.codes import ERROR, WARNING
from tests.docs import railroads, seams

GRAMMAR = Path(__file__).parents[2] / "grammar"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
_MADE = "<!-- made by tests/docs/generate.py; edit the code instead -->\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    """The subcommands that are there, in the order of the help."""
    for name, (place, _) in cli.COMMANDS.items():
        module, _, attribute = place.partition(":")
        try:
            command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            continue
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())


def cli_page() -> str:
    """The `atamo` command with every option of every subcommand."""
    out = ["# The `atamo` command\n", _MADE, "```text\natamo [--color auto|always|never] COMMAND …\n```\n"]
    out += _options(cli.cli)
    out += [f"{cli.EXIT_CODES}\n", "| command | |\n|---|---|"]
    found = dict(commands())
    out += [
        f"| [`{name}`](#atamo-{name}) | {about} |"
        for name, (_, about) in cli.COMMANDS.items()
        if name in found
    ]
    for name, command in found.items():
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        usage = " ".join(_argument(p) for p in arguments)
        options = "COMMAND …" if isinstance(command, click.Group) else f"[OPTIONS] {usage}".rstrip()
        out += [f"\n## atamo {name}\n", f"```text\natamo {name} {options}\n```\n"]
        out.append(_paragraphs(command.help or "") + "\n")
        out += _options(command)
        if command.epilog:
            out.append(f"```text\n{command.epilog.replace(chr(8), '').strip()}\n```")
    return "\n".join(out) + "\n"


def _argument(parameter: click.Argument) -> str:
    name = (parameter.metavar or parameter.name or "").upper()
    name += "…" if parameter.nargs == -1 else ""
    return name if parameter.required else f"[{name}]"


def _options(command: click.Command) -> list[str]:
    out = []
    for option in command.params:
        if not isinstance(option, click.Option) or option.hidden:
            continue
        names = ", ".join(f"`{name}`" for name in option.opts)
        if option.secondary_opts:
            names += ", " + ", ".join(f"`{name}`" for name in option.secondary_opts)
        notes = [(option.help or "").replace("  [default:", " [default:").strip()]
        if isinstance(option.type, click.Choice):
            notes.append("One of " + ", ".join(f"`{choice}`" for choice in option.type.choices) + ".")
        elif not option.is_flag and option.metavar:
            names += f" {option.metavar}"
        if option.show_default and option.default not in (None, False):
            notes.append(f"[default: {option.default}]")
        if option.required:
            notes.append("Required.")
        if option.envvar:
            notes.append(f"Also `{option.envvar}`.")
        out.append((names, " ".join(note for note in notes if note).replace("|", "\\|")))
    if not out:
        return []
    return ["| option | |\n|---|---|", *(f"| {names} | {about} |" for names, about in out), ""]


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def functions_page() -> str:
    """Every function, by family, with its parameters and examples."""
    out = ["# Functions and filters\n", _MADE]
    out.append(
        "Each is called in conditions and arguments, `lower(subject)`, and as a filter in templates,\n"
        "`{{ subject | lower }}`; further arguments follow the first, `{{ subject | truncate(20) }}`. A function of\n"
        "something absent, or of a value it cannot take, is absent. Every example runs as a test.\n\n"
        "Templates also have `default(x)`: its argument, when the value is missing.\n"
    )
    families: tuple[tuple[str, tuple[Function, ...]], ...] = (
        ("Texts", text.FUNCTIONS),
        ("Numbers", numbers.FUNCTIONS),
        ("Lists and objects", lists.FUNCTIONS),
        ("Addresses", net.FUNCTIONS),
        ("Times", time.FUNCTIONS),
        ("Values of loosely typed languages", (*loose.FUNCTIONS, *loose_math.FUNCTIONS)),
    )
    for title, functions in families:
        out.append(f"## {title}\n\n| function | gives | | example |\n|---|---|---|---|")
        for function in functions:
            parameters = ", ".join(
                f"{p.name}: {' or '.join(p.kinds)}{'?' if p.optional else ''}" for p in function.parameters
            )
            result = "as its arguments" if callable(function.result) else describe(function.result)
            examples = "<br>".join(
                f"{_code(expression)} → {_code(encode(value))}" for expression, value in function.examples
            )
            out.append(
                f"| {_code(f'{function.name}({parameters})')} | {result} | {function.about} | {examples} |"
            )
        out.append("")
    return "\n".join(out)


def _code(text: str) -> str:
    shown = text.replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def diagnostics_page() -> str:
    """Every code with its title, by stage."""
    out = ["# Diagnostics\n", _MADE]
    out.append(
        "Every finding has a code. Its letter is a habit, its severity is in the table; `atamo explain CODE`\n"
        "shows its page, with a wrong and a right example. How to read a finding:\n"
        "[read diagnostics](../how-to/read-diagnostics.md).\n"
    )
    stages = (
        ("01", "Text, syntax, YAML"), ("02", "Names, types, tables, schemas"), ("03", "Templates"),
        ("04", "Agents and actions"), ("05", "Time"), ("06", "Analysis"), ("07", "Tests in files"),
        ("08", "Reload and running"), ("09", "Rules of other systems"),
    )  # fmt: skip
    for prefix, title in stages:
        out.append(f"## {title}\n\n| code | severity | |\n|---|---|---|")
        for code in pages.all_codes():
            if code.id[1:3] == prefix:
                word = (
                    "error" if code.severity is ERROR else "warning" if code.severity is WARNING else "note"
                )
                out.append(f"| [{code.id}](../codes/{code.id}.md) | {word} | {code.title} |")
        out.append("")
    return "\n".join(out)


def audit_page() -> str:
    """Every kind of record, by what it is about."""
    out = ["# Kinds of audit records\n", _MADE]
    out.append(
        "The list is closed. Each kind is kept by its level and those above it: `minimal`, `decisions`, `full`.\n"
        "What else a record says: [the audit](../explanation/the-audit.md).\n"
    )
    families: dict[str, list[str]] = {}
    for kind, (level, about) in MEANING.items():
        family = kind.partition(".")[0]
        families.setdefault(family, []).append(f"| `{kind}` | {level} | {about} |")
    for family, lines in families.items():
        out += [f"## {family}\n\n| kind | level | |\n|---|---|---|", *lines, ""]
    out += [
        "## What is not recorded\n\n| what | why |\n|---|---|",
        *(f"| {a} | {b} |" for a, b in LEFT_OUT),
        "",
    ]
    return "\n".join(out)


LEFT_OUT = (
    (
        "that an answer was read, and by whom",
        "a read changes nothing, and a commit for each would cost what asking does",
    ),
    (
        "that a reader of a feed fell behind",
        "it is told in its stream, by `lagged`; the newest value of every key is kept",
    ),
    (
        "that messages or records were read",
        "a read changes nothing; one that was not allowed is `access.denied`",
    ),
    (
        "that an event was cancelled as a whole",
        "each action that ended by it says so, by whom, in `action.cancelled`",
    ),
    ("that a body was deleted", "only time deletes bodies, that of all alike; no record has ever held one"),
    (
        "that the store is in trouble",
        "no record can be written then: it is an alert, and in the log of the process",
    ),
    (
        "that the wall clock was set",
        "while a hub runs no deadline, lease or order of records follows it, and nothing is forgotten by it; "
        "`at` shows the jump",
    ),
)
"""What a reader may look for among the kinds, and the reason why it is none."""


def config_schema() -> str:
    """The JSON Schema of `atamo.toml`, made of the options of all commands."""
    return json.dumps(schema_of(cli.cli), indent=2, ensure_ascii=False) + "\n"


def configuration_page() -> str:
    """Every setting, by command."""
    out = ["# Settings\n", _MADE]
    out.append(
        "Every option of every command may be given in a file or in the environment. The file is the nearest\n"
        "`atamo.toml` from the working folder upwards, not beyond the root of a repository, or the table\n"
        "`[tool.atamo]` of a `pyproject.toml`; `--config FILE` names another and `--no-config` reads none.\n"
        "It has a table for each command, with the long names of its options as keys:\n\n"
        "<!-- skip: tests/cli/test_settings.py holds what is said here -->\n"
        '```toml\nurl = "http://127.0.0.1:9000"\n\n[run]\nport = 9000\n'
        'alert = ["latency_p95 above 2 for 30"]\n\n[verify]\nfail-level = "warning"\n'
        '\n[dead.list]\nformat = "json"\n```\n\n'
        "What is given nearer wins: the command line, then the environment, then the file, then what is built in.\n"
        "A setting that does not exist, or has a value that its option does not take, is refused with its line.\n"
        "`atamo config show --sources` says what is in force and why; `atamo config schema` writes a JSON Schema that\n"
        "editors complete the file by.\n"
    )
    out.append("| setting | environment | command |\n|---|---|---|")
    out.append("| `color` | `ATAMO_COLOR`, `NO_COLOR`, `FORCE_COLOR` | all |")
    for path, command in settings.every(cli.cli):
        table = ".".join(path)
        for key, option in settings.long_names(command).items():
            own = option.envvar if isinstance(option.envvar, str) else None
            made = "_".join((settings.PREFIX, *path, option.name or "")).upper().replace("-", "_")
            names = f"`{own}`, `{made}`" if own else f"`{made}`"
            out.append(f"| `{table}.{key}` | {names} | [`{' '.join(path)}`](cli.md#atamo-{'-'.join(path)}) |")
    return "\n".join(out) + "\n"


def rest_page() -> str:
    """Every way into a hub over HTTP, and the shapes that go in and out."""

    def nobody() -> Any:
        raise AssertionError("the table is made without a hub")

    made = document(entries(nobody, Access(nobody)))
    out = ["# The hub over HTTP\n", _MADE]
    out.append(
        "A running hub describes itself: `/openapi.json` is this page for programs (OpenAPI 3.1), `/docs` for people,\n"
        "and neither loads anything from elsewhere. What is wrong is said by a problem document (RFC 9457) with a\n"
        "stable [`code`](problems.md) and a `remedy`. What each call takes where a hub asks who calls:\n"
        "[who may do what](../how-to/people.md).\n"
    )
    out.append("| call | | takes | answers | needs |\n|---|---|---|---|---|")
    for entry in entries(nobody, Access(nobody)):
        path = plain_path(entry.path)
        told = OPERATIONS[f"{entry.method} {path}"]
        gives = ", ".join(
            f"{status} {name}".strip().replace("|", " or ") for status, name in told.gives.items()
        )
        query = " ".join(f"`{name}`" for name, _ in told.query)
        takes = " ".join(part for part in (told.takes, query) if part)
        needs = f"`{entry.verb}`" if entry.verb else ""
        out.append(f"| `{entry.method} {path}` | {told.about} | {takes} | {gives} | {needs} |")
    out.append(
        "\n## Shapes\n\nMembers in *italics* are there at times. Later releases may add members.\n"
        "\n| shape | members |\n|---|---|"
    )
    for name, shape in made["components"]["schemas"].items():
        needed = shape.get("required", ())
        members = " ".join(
            f"`{one}`" if one in needed else f"*`{one}`*" for one in shape.get("properties", {})
        )
        out.append(f"| {name} | {shape.get('description', '')} {members} |")
    return "\n".join(out) + "\n"


def problems_page() -> str:
    """Every problem that a hub answers."""
    out = ["# Problems\n", _MADE]
    out.append(
        "What a hub refuses is told by a problem document (RFC 9457, `application/problem+json`): `title` and\n"
        "`detail` say what is wrong, `remedy` what to do, `reasons` what is wrong with a message. Programs go by\n"
        "`code`, which is stable; `type` is where it is explained, `/docs#problem-CODE` of the hub. `atamo explain\n"
        "CODE` says the same.\n"
    )
    out.append("| code | status | what it means | what to do |\n|---|---|---|---|")
    for code, kind in CATALOGUE.items():
        out.append(f"| `{code}` | {', '.join(map(str, kind.statuses))} | {kind.about} | {kind.remedy} |")
    return "\n".join(out) + "\n"


def metrics_page() -> str:
    """Every family of numbers, and the bounds that may be set."""
    from atamo_rules.builtin.stores.memory import MemoryStore
    from atamo_rules.compiler.texts import compile_rules
    from atamo_rules.hub.generation import generation
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.telemetry.monitor import Monitor
    from atamo_rules.hub.telemetry.thresholds import MEASURES
    from atamo_rules.model.people import Directory

    hub = Hub(generation(compile_rules("event a\n  n: whole\n"), Directory(), {}), MemoryStore())
    out = ["# Metrics\n", _MADE]
    out.append(
        "`GET /metrics` gives them in OpenMetrics' text, or in the older one of Prometheus. How to scrape them, and\n"
        "what to look at: [watch a hub](../how-to/monitor.md). A family has at most 1000 series; what comes beyond is\n"
        "counted under `other`.\n\n| name | kind | labels | |\n|---|---|---|---|"
    )
    for one in (*hub.meter.families, *Monitor(hub).gauges()):
        labels = " ".join(f"`{label}`" for label in one.labels)
        out.append(f"| `{one.name}` | {one.kind} | {labels} | {one.about} |")
    out.append(
        '\n## Bounds\n\n`--alert "NAME above N for SECONDS"` watches one of these:\n\n| name | |\n|---|---|'
    )
    out += [f"| `{name}` | {about} |" for name, about in MEASURES.items()]
    return "\n".join(out) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "grammar.md": railroads.page,
    "metrics.md": metrics_page,
    "plugins.md": seams.page,
    "rest.md": rest_page,
    "problems.md": problems_page,
    "configuration.md": configuration_page,
    "cli.md": cli_page,
    "functions.md": functions_page,
    "diagnostics.md": diagnostics_page,
    "audit.md": audit_page,
}

if __name__ == "__main__":
    (REFERENCE / railroads.FOLDER).mkdir(parents=True, exist_ok=True)
    for name, picture in railroads.diagrams().items():
        (REFERENCE / railroads.FOLDER / f"{name}.svg").write_text(picture, "utf-8")
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), "utf-8")
    (GRAMMAR / "config.schema.json").write_text(config_schema(), "utf-8")
