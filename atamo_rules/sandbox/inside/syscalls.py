"""The calls of the kernel that computing in Python needs, by machine; every other is refused.

Reading what is open and can be opened, memory, time, waiting, randomness and ending. No processes or threads, no
sockets, no timers that go off later, no rights, no file systems, no shared memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """What seccomp must know of a kind of machine: its number (AUDIT_ARCH), and the numbers of calls."""

    audit: int
    free: tuple[int, ...]
    """Calls that are allowed whatever they are given; those that are made most come first."""
    mmap: int
    mprotect: int
    fcntl: int
    prlimit64: int
    tgkill: int


# fmt: off
X86_64 = Machine(0xC000003E, (
    1,    # write
    0,    # read
    202,  # futex
    228,  # clock_gettime
    11,   # munmap
    12,   # brk
    25,   # mremap
    28,   # madvise
    7,    # poll
    257,  # openat
    2,    # open
    3,    # close
    5,    # fstat
    4,    # stat
    6,    # lstat
    262,  # newfstatat
    332,  # statx
    8,    # lseek
    17,   # pread64
    19,   # readv
    20,   # writev
    21,   # access
    269,  # faccessat
    78,   # getdents
    217,  # getdents64
    79,   # getcwd
    89,   # readlink
    267,  # readlinkat
    13,   # rt_sigaction
    14,   # rt_sigprocmask
    15,   # rt_sigreturn
    131,  # sigaltstack
    23,   # select
    270,  # pselect6
    271,  # ppoll
    24,   # sched_yield
    204,  # sched_getaffinity
    35,   # nanosleep
    230,  # clock_nanosleep
    229,  # clock_getres
    96,   # gettimeofday
    201,  # time
    100,  # times
    98,   # getrusage
    97,   # getrlimit
    39,   # getpid
    110,  # getppid
    186,  # gettid
    102,  # getuid
    104,  # getgid
    107,  # geteuid
    108,  # getegid
    63,   # uname
    318,  # getrandom
    273,  # set_robust_list
    334,  # rseq
    219,  # restart_syscall
    60,   # exit
    231,  # exit_group
), mmap=9, mprotect=10, fcntl=72, prlimit64=302, tgkill=234)

AARCH64 = Machine(0xC00000B7, (
    64,   # write
    63,   # read
    98,   # futex
    113,  # clock_gettime
    215,  # munmap
    214,  # brk
    216,  # mremap
    233,  # madvise
    73,   # ppoll
    56,   # openat
    57,   # close
    80,   # fstat
    79,   # newfstatat
    291,  # statx
    62,   # lseek
    67,   # pread64
    65,   # readv
    66,   # writev
    48,   # faccessat
    61,   # getdents64
    17,   # getcwd
    78,   # readlinkat
    134,  # rt_sigaction
    135,  # rt_sigprocmask
    139,  # rt_sigreturn
    132,  # sigaltstack
    72,   # pselect6
    124,  # sched_yield
    123,  # sched_getaffinity
    101,  # nanosleep
    115,  # clock_nanosleep
    114,  # clock_getres
    169,  # gettimeofday
    153,  # times
    165,  # getrusage
    163,  # getrlimit
    172,  # getpid
    173,  # getppid
    178,  # gettid
    174,  # getuid
    176,  # getgid
    175,  # geteuid
    177,  # getegid
    160,  # uname
    278,  # getrandom
    99,   # set_robust_list
    293,  # rseq
    128,  # restart_syscall
    93,   # exit
    94,   # exit_group
), mmap=222, mprotect=226, fcntl=25, prlimit64=261, tgkill=131)
# fmt: on

MACHINES: Mapping[str, Machine] = {"x86_64": X86_64, "aarch64": AARCH64}
"""By `platform.machine()`."""
