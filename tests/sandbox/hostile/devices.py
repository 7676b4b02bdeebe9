"""Opens devices: memory, disks, terminals, the kernel log."""

# then: nothing

import os


def evaluate(event):
    got = []
    for name in (
        "mem",
        "kmem",
        "port",
        "kmsg",
        "sda",
        "vda",
        "tty",
        "ptmx",
        "null",
        "zero",
        "fuse",
        "kvm",
        "net/tun",
    ):
        try:
            got.append(os.open(f"/dev/{name}", os.O_RDWR))
        except OSError:
            pass
    return got
