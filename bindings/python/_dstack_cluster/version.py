# SPDX-License-Identifier: MIT
"""The binding's version, which is that of the header it was written for. setuptools reads this file without running it."""

__version__ = "0.1.0"
