"""Isolates a process that opens hostile files: as another user, without network, files or other processes.

Each layer is used where the system allows it, by an ordinary user and by root in a container: root becomes `nobody`;
namespaces of its own (user, mount, network, IPC, host name, process ids; namespaces(7)) with an empty root directory;
a filter of system calls (libseccomp, seccomp(2)) that leaves memory, time, and the pipes that are open. Everything that
the work needs must be imported before, since no file can be opened afterwards.

`python -m api.isolation` isolates itself, tries to get out, and says in JSON what it reached: `circle doctor` asks it.
"""

import ctypes
import json
import os
import platform
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from ctypes import Structure, byref, c_int, c_uint, c_uint32, c_uint64, c_void_p
from errno import ENOSYS, EPERM
from pathlib import Path
from typing import Any, NamedTuple

NOBODY = 65534
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
CLONE_THREAD = 0x00010000
NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
"""Of sched.h."""
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 0x4000, 0x40000
SEALED_OFF = MS_NOSUID | MS_NODEV | MS_NOEXEC
MNT_DETACH = 2
"""Of sys/mount.h."""
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "loongarch64": 41}
"""The number of a system call that the C library has no function for."""
CAPABILITIES_V3 = 0x20080522
EMPTY_AT = "/tmp"
"""Where the empty root directory is mounted: any folder that every system has; nobody else sees the mount."""

SECCOMP_ALLOW, SECCOMP_ERRNO = 0x7FFF0000, 0x00050000
SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ = 4, 7
ALLOWED = (
    *("read", "write", "readv", "writev", "close", "lseek", "fstat", "newfstatat", "fcntl", "poll", "ppoll"),
    *("mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "mlock", "munlock"),
    *("futex", "set_robust_list", "rseq", "membarrier", "sched_yield", "sched_getaffinity", "getcpu"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom"),
    *("getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrusage", "times", "uname", "sysinfo"),
    *("exit", "exit_group"),
)
"""The system calls of work that reads and writes pipes and computes. Threads are allowed beside, processes are not."""


class Isolation(NamedTuple):
    """Which layers hold."""

    other_user: bool
    namespaces: bool
    filtered: bool


class _Comparison(Structure):
    _fields_ = (("arg", c_uint), ("op", c_int), ("datum_a", c_uint64), ("datum_b", c_uint64))


class _CapabilityHeader(Structure):
    _fields_ = (("version", c_uint32), ("pid", c_int))


def isolate(cpu_seconds: int) -> Isolation:
    """Isolate this process, which must have one thread alone. The caller goes on in a process of its own.

    That is a child, where namespaces are allowed: this process waits for it and ends as it ends. A child that used up
    `cpu_seconds` (its RLIMIT_CPU) ends this process by SIGXCPU.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    filters = _seccomp()
    other_user = _become_nobody(libc)
    namespaces = _succeeds(lambda: _unshare(libc))
    if namespaces:
        child = os.fork()
        if child:
            _end_as(child, cpu_seconds)
        _call(libc.prctl, PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _drop_rights(libc)
    os.closerange(3, 1024)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    filtered = filters is not None and _succeeds(lambda: _load(filters))
    return Isolation(other_user, namespaces, filtered)


def _succeeds(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def _call(function: Any, *arguments: Any) -> None:
    """Call a function of the C library. Raises OSError."""
    if function(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _become_nobody(libc: Any) -> bool:
    if os.geteuid() != 0:
        return False
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:
        return False
    _call(libc.prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)  # else its own /proc/self belongs to root
    return True


def _unshare(libc: Any) -> None:
    """Leave the namespaces of others. Raises OSError where that is not allowed, or only in part."""
    user, group = os.geteuid(), os.getegid()
    _call(libc.unshare, NAMESPACES)
    Path("/proc/self/setgroups").write_text("deny")  # user_namespaces(7): before the map of groups
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _empty_root(libc)
    _call(libc.unshare, CLONE_NEWPID)  # last, since it lets this process start no thread any more, only a child


def _end_as(child: int, cpu_seconds: int) -> None:
    """Wait for the child, and end as it ended. The first process of a namespace is spared the soft limit's signal."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, status, usage = os.wait4(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    if ended >= 0:
        os._exit(ended)
    used_up = usage.ru_utime + usage.ru_stime >= cpu_seconds
    number = signal.SIGXCPU if used_up else -ended
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _empty_root(libc: Any) -> None:
    """Replace all that can be seen of files by an empty folder that cannot be written (pivot_root(2))."""
    _call(libc.mount, None, b"/", None, MS_REC | MS_PRIVATE, None)
    _call(libc.mount, b"none", EMPTY_AT.encode(), b"tmpfs", SEALED_OFF, b"size=4k,mode=0500")
    os.chdir(EMPTY_AT)
    try:
        _call(libc.syscall, PIVOT_ROOT.get(platform.machine(), -1), b".", b".")
        _call(libc.umount2, b".", MNT_DETACH)
    except OSError:
        os.chroot(".")
    os.chdir("/")
    _call(libc.mount, None, b"/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | SEALED_OFF, None)


def _drop_rights(libc: Any) -> None:
    """No rights beyond those of a process without any (capabilities(7)), and none to be had by another program."""
    header, nothing = _CapabilityHeader(CAPABILITIES_V3, 0), (c_uint32 * 6)()
    _call(libc.capset, byref(header), byref(nothing))
    _call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call(libc.prctl, PR_SET_DUMPABLE, 0, 0, 0, 0)


class _Filters(NamedTuple):
    library: Any
    context: Any


def _seccomp() -> _Filters | None:
    """The filter of system calls, built but not in force; None where libseccomp is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = c_void_p
    context = c_void_p(library.seccomp_init(c_uint32(SECCOMP_ERRNO | EPERM)))

    def add(action: int, name: str, *only: _Comparison) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # else this machine has no such call
            conditions = (_Comparison * len(only))(*only)
            library.seccomp_rule_add_array(context, c_uint32(action), number, c_uint(len(only)), conditions)

    for name in ALLOWED:
        add(SECCOMP_ALLOW, name)
    add(SECCOMP_ALLOW, "clone", _Comparison(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
    add(SECCOMP_ERRNO | ENOSYS, "clone3")  # its flags cannot be looked at; the C library then takes clone
    add(SECCOMP_ALLOW, "prlimit64", _Comparison(0, SCMP_CMP_EQ, 0, 0))
    return _Filters(library, context)


def _load(filters: _Filters) -> None:
    if failed := filters.library.seccomp_load(filters.context):
        raise OSError(-failed, os.strerror(-failed))


# -- trying to get out -------------------------------------------------------------


def attempts(targets: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What an isolated process must not be able to do, by name; `targets` says where to try it."""
    port, keys, folder, process = targets["port"], targets["keys"], Path(targets["folder"]), targets["process"]
    return {
        "connect": lambda: socket.socket().connect(("127.0.0.1", port)),
        "read keys": lambda: [Path(keys, name).read_bytes() for name in os.listdir(keys)],
        "read files": lambda: Path("/etc/passwd").read_bytes(),
        "write files": lambda: (folder / "written-by-a-check").write_bytes(b"x"),
        "signal others": lambda: os.kill(process, 0),
        "start programs": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    }


def main() -> None:
    """Read the targets as JSON, isolate this process, and write the layers that hold and what could be reached."""
    targets = json.load(sys.stdin)
    isolation = isolate(targets["cpu_seconds"])
    reached = []
    for name, attempt in attempts(targets).items():
        with suppress(OSError):
            attempt()
            reached.append(name)
    print(json.dumps({**isolation._asdict(), "reached": reached}))  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
