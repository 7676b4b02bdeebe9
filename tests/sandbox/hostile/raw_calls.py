"""Asks the kernel by number for what it should not have."""

# then: nothing

import ctypes
import platform

X86_64 = {
    "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101, "socket": 41, "socketpair": 53, "shmget": 29,
    "setrlimit": 160, "prctl": 157, "mount": 165, "settimeofday": 164, "reboot": 169, "iopl": 172, "init_module": 175,
    "add_key": 248, "keyctl": 250, "inotify_init1": 294, "perf_event_open": 298, "process_vm_readv": 310, "kcmp": 312,
    "seccomp": 317, "memfd_create": 319, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, "personality": 135,
    "timer_create": 222, "setitimer": 38, "alarm": 37, "io_setup": 206, "epoll_create1": 291, "signalfd4": 289,
}  # fmt: skip
EVERYWHERE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "open_tree": 428, "fsopen": 430, "pidfd_open": 434, "clone3": 435,
    "openat2": 437, "pidfd_getfd": 438, "mount_setattr": 442, "landlock_create_ruleset": 444, "memfd_secret": 447,
}  # fmt: skip


def evaluate(event):
    libc = ctypes.CDLL(None)
    calls = EVERYWHERE | (X86_64 if platform.machine() == "x86_64" else {})
    return [name for name, number in calls.items() if libc.syscall(number, 0, 0, 0, 0, 0) >= 0]
