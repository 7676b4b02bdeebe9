"""A client generated for another language from the OpenAPI document, which its own compiler checks, calls a hub."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
RULES = """
event tick
  n: whole

request quote
  sku: text
  answer
    price: whole

rule quoted
  on request quote
  do
    reply
      price: length(sku)

rule noted
  on tick
  stop
"""
PACKAGE = """{"name": "calls", "private": true, "type": "module", "dependencies": {
  "openapi-fetch": "^0.14.0", "openapi-typescript": "^7.8.0", "typescript": "^5.8.0", "@types/node": "^22.0.0"}}"""
SETTINGS = """{"compilerOptions": {"strict": true, "noUncheckedIndexedAccess": true, "target": "es2022",
  "module": "nodenext", "moduleResolution": "nodenext", "skipLibCheck": true, "types": ["node"]}}"""
CALLS = """
import createClient from "openapi-fetch";
import type { paths } from "./hub.js";

const hub = createClient<paths>({ baseUrl: process.argv[2]! });

const sent = await hub.POST("/v1/events", { body: { type: "tick", id: "t1", data: { n: 1 } } });
if (!sent.data || !("state" in sent.data)) throw new Error("no result");
const state: "accepted" | "duplicate" | "quarantined" | "refused" = sent.data.state;

const asked = await hub.POST("/v1/requests", {
  body: { type: "quote", id: "q1", data: { sku: "abc" } }, headers: { Prefer: "wait=10" },
});
if (!asked.data || !("frames" in asked.data)) throw new Error("no page");
const frames: number = asked.data.frames.length;

const told = await hub.GET("/v1/events/{id}/trace", { params: { path: { id: "t1" } } });
const records: number = told.data?.records.length ?? 0;

const no = await hub.GET("/v1/events/{id}", { params: { path: { id: "nothing" } } });
const code: string = no.error?.code ?? "";

console.log(JSON.stringify({ state, frames, records: records > 0, code, status: no.response.status }));
"""
WRONG = CALLS.replace('type: "tick"', 'kind: "tick"')


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)


def test_typescript_calls_the_hub(serve: Callable[..., Serving], tmp_path: Path) -> None:  # noqa: F811
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("there is no Node.js here")
    folder = write(tmp_path / "ts", {"package.json": PACKAGE, "tsconfig.json": SETTINGS, "calls.ts": CALLS})
    installed = run(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    if installed.returncode != 0:
        pytest.skip(f"packages for Node.js cannot be installed here: {installed.stderr[-300:]}")
    serving = serve(RULES)
    (folder / "openapi.json").write_text(serving.web.get("/openapi.json").text)
    made = run(folder, "npx", "openapi-typescript", "openapi.json", "-o", "hub.ts")
    assert made.returncode == 0, made.stdout + made.stderr
    checked = run(folder, "npx", "tsc")
    assert checked.returncode == 0, checked.stdout
    called = run(folder, "node", "calls.js", f"http://127.0.0.1:{serving.port}")
    assert called.stdout.strip() == (
        '{"state":"accepted","frames":2,"records":true,"code":"unknown-id","status":404}'
    ), called.stdout + called.stderr
    write(folder, {"calls.ts": WRONG})
    assert "kind: string" in run(folder, "npx", "tsc").stdout, "the compiler knows what a message is"
