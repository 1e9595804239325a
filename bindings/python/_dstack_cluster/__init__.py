# SPDX-License-Identifier: MIT
"""What dstack_cluster.py offers is made here. Import from dstack_cluster, not from this package."""
