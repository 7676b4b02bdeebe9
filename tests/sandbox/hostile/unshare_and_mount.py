"""Makes namespaces and file systems of its own, where rights would come back."""

# then: nothing

import ctypes


def evaluate(event):
    libc = ctypes.CDLL(None)
    attempts = {
        "user": lambda: libc.unshare(0x10000000),
        "files": lambda: libc.unshare(0x00020000),
        "mount": lambda: libc.mount(b"x", b"/", b"tmpfs", 0, b""),
        "proc": lambda: libc.mount(b"proc", b"/", b"proc", 0, b""),
        "remount": lambda: libc.mount(b"", b"/", b"", 32, b""),
        "umount": lambda: libc.umount2(b"/", 2),
        "setns": lambda: libc.setns(0, 0),
        "hostname": lambda: libc.sethostname(b"x", 1),
    }
    return [name for name, attempt in attempts.items() if attempt() == 0]
