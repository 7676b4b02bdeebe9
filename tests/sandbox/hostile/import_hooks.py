"""Puts itself between everybody and the modules they import."""

# then: load changes

import sys


class Hook:
    def find_spec(self, name, path=None, target=None):
        raise SystemExit(name)


sys.meta_path.insert(0, Hook())
sys.path_hooks.insert(0, lambda path: Hook())
sys.settrace(lambda *_: None)
sys.modules["json"] = sys.modules["os"] = None


def evaluate(event):
    return []
