# SPDX-License-Identifier: MIT
"""Runs *_test.py of this folder, or those named, and prints as the shell tests do. Started by run.sh."""

import gc
import logging
import sys
import unittest
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Result(unittest.TestResult):
    """A line per test, and what went wrong below it: failures, and what Python and asyncio only complain about."""

    def __init__(self):
        super().__init__()
        self.complaints = []
        self.failed = 0
        sys.unraisablehook = self.unraisable
        handler = logging.Handler(logging.ERROR)
        handler.emit = lambda record: self.complaints.append(logging.Formatter().format(record) + "\n")
        logging.getLogger("asyncio").addHandler(handler)
        # Some tests look at it; the others only make it talk.
        logging.getLogger("dstack_cluster").addHandler(logging.NullHandler())

    def unraisable(self, complaint):
        self.complaints.append(f"ignored in {complaint.object}: {complaint.exc_value!r}\n")

    def startTest(self, test):
        super().startTest(test)
        self.complaints = []

    def addError(self, test, err):
        super().addError(test, err)
        self.complaints.append(self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.complaints.append(self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.complaints.append(str(subtest))

    def stopTest(self, test):
        gc.collect()
        self.failed += bool(self.complaints)
        print("not ok" if self.complaints else "ok", f"{type(test).__name__}: {test.shortDescription()}")
        for line in "".join(self.complaints).splitlines():
            print("#  ", line)
        sys.stdout.flush()
        super().stopTest(test)


def main():
    # An object that nobody closes is a mistake of the binding or of its tests.
    warnings.simplefilter("error", ResourceWarning)
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*_test.py"))
    result = Result()
    unittest.defaultTestLoader.loadTestsFromNames(names).run(result)
    print(f"{result.testsRun - result.failed} passed, {result.failed} failed")
    return 1 if result.failed else 0


sys.exit(main())
