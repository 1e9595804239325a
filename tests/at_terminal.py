# SPDX-License-Identifier: MIT
"""at_terminal.py ANSWER COMMAND...: runs it at a terminal and prints all that this shows.

ANSWER, with escapes such as \\n and \\03, is typed once the command asks [y/N], not earlier: what is typed before belongs to whoever reads first, and ^C
would end a program that has only begun.
"""

import os
import pty
import select
import signal
import sys
import time

DEADLINE = time.monotonic() + 30


def main(answer, command):
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    shown, answered = b"", False
    while time.monotonic() < DEADLINE:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
        if not answered and b"[y/N]" in shown:
            os.write(terminal, answer.encode().decode("unicode_escape").encode())
            answered = True
    else:
        os.kill(child, signal.SIGKILL)
    sys.stdout.buffer.write(shown)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


sys.exit(main(sys.argv[1], sys.argv[2:]))
