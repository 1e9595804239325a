#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Types into an interactive zsh, and prints what it makes of it.

    cli_zsh.py COMPLETIONS-FOLDER LINE

LINE is typed, then a tab. Prints what the terminal showed, and last "line: " with the line as it is then.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SETUP = r"""
unsetopt prompt_cr prompt_sp; PS1='' LISTMAX=0
fpath=({folder} $fpath); autoload -Uz compinit && compinit -u -D
tell() {{ zle -I; print -r -- "<<$BUFFER>>" }}; zle -N tell; bindkey '^Xt' tell; print rea''dy
"""


def spawn():
    """An interactive zsh without anybody's configuration, on a terminal that is wide enough."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", LC_ALL="C", HOME="/nonexistent")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 250, 0, 0))
    return pid, terminal


def read_until(terminal, pattern, limit=20):
    """What was shown up to a pattern, without the terminal's escape sequences."""
    shown, end = "", time.monotonic() + limit
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        shown += os.read(terminal, 65536).decode(errors="replace")
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r", "", shown)
        found = re.search(pattern, plain, re.DOTALL)
        if found:
            return plain[: found.start()], found
    sys.exit(f"zsh does not answer: {shown!r}")


def main(folder, line):
    pid, terminal = spawn()
    try:
        os.write(terminal, SETUP.format(folder=folder).replace("\n", "\r").encode())
        read_until(terminal, "ready\n")
        os.write(terminal, line.encode() + b"\t\x18t")
        shown, found = read_until(terminal, "<<(.*?)>>\n")
        print(shown)
        print(f"line: {found.group(1)}")
    finally:
        # It may be waiting for somebody to read what it shows.
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


main(sys.argv[1], sys.argv[2])
