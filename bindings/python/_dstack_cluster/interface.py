# SPDX-License-Identifier: MIT
"""include/dstack_p2p.h as ctypes sees it. A test compiles a C program that compares sizes, offsets and names."""

import ctypes
from ctypes import POINTER, c_bool, c_char, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any, Dict, List, Tuple

RPC_BOUNDS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)

LOG_FUNCTION = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class CPeer(ctypes.Structure):
    """dstack_p2p_peer"""

    _fields_ = [
        ("instance_id", c_char_p),
        ("connection_url", c_char_p),
        ("instance_address", c_char_p),
        ("registered_at", c_uint64),
        ("expires_at", c_uint64),
        ("is_self", c_bool),
    ]


class COptions(ctypes.Structure):
    """dstack_p2p_options"""

    _fields_ = [
        ("rpc_url", c_char_p),
        ("guest_endpoint", c_char_p),
        ("private_key_file", c_char_p),
        ("private_key", c_char_p),
        ("chain_id", c_uint64),
        ("max_fee_per_gas", c_uint64),
        ("max_priority_fee_per_gas", c_uint64),
        ("max_fee_per_day", c_uint64),
        ("guest_wait_ms", c_uint32),
        ("rpc_timeout_ms", c_uint32),
        ("confirm_timeout_ms", c_uint32),
        ("poll_interval_ms", c_uint32),
        ("block", c_int),
        ("log_level", c_int),
        ("log", LOG_FUNCTION),
        ("log_context", c_void_p),
        ("state_dir", c_char_p),
        ("cache_file", c_char_p),
        ("kms_root", c_char_p),
        ("app_ids", c_char_p),
        ("evidence", c_int),
        ("keep", c_int),
        ("reserved", c_uint64 * 16),
    ]


class CStatus(ctypes.Structure):
    """dstack_p2p_status"""

    _fields_ = [
        ("running", c_bool),
        ("code", c_int),
        ("failures", c_uint32),
        ("peers", c_uint32),
        ("version", c_uint64),
        ("block_number", c_uint64),
        ("block_time", c_uint64),
        ("age_ms", c_uint64),
        ("transport", c_char * 16),
        ("message", c_char * 256),
        ("registered", c_bool),
        ("checked", c_bool),
        ("keeping", c_bool),
        ("left_out", c_uint32),
        ("lease_expires_at", c_uint64),
        ("keep_code", c_int),
        ("keep_message", c_char * 256),
        ("rpc_requests", c_uint64),
        ("rpc_failures", c_uint64),
        ("rpc_time_us", c_uint64),
        ("rpc_within", c_uint64 * len(RPC_BOUNDS_MS)),
        ("changes", c_uint64),
        ("reserved", c_uint64 * 49),
    ]


_HANDLE = [c_void_p]

# Result and arguments of each function that is used here. Handles and lists are opaque pointers.
FUNCTIONS: Dict[str, Tuple[Any, List[Any]]] = {
    "dstack_p2p_version": (c_char_p, []),
    "dstack_p2p_code_is_transient": (c_bool, [c_int]),
    "dstack_p2p_new_with_options": (c_void_p, [c_char_p, c_char_p, POINTER(COptions)]),
    "dstack_p2p_free": (None, _HANDLE),
    "dstack_p2p_errcode": (c_int, _HANDLE),
    "dstack_p2p_errmsg": (c_char_p, _HANDLE),
    "dstack_p2p_cancel": (None, _HANDLE),
    "dstack_p2p_resume": (None, _HANDLE),
    "dstack_p2p_register": (c_int, _HANDLE),
    "dstack_p2p_withdraw": (c_int, _HANDLE),
    "dstack_p2p_get_peers": (c_void_p, _HANDLE),
    "dstack_p2p_instance_id": (c_char_p, _HANDLE),
    "dstack_p2p_instance_address": (c_char_p, _HANDLE),
    "dstack_p2p_app_id": (c_char_p, _HANDLE),
    "dstack_p2p_kms_root": (c_char_p, _HANDLE),
    "dstack_p2p_payer_address": (c_char_p, _HANDLE),
    "dstack_p2p_contract_address": (c_char_p, _HANDLE),
    "dstack_p2p_connection_url": (c_char_p, _HANDLE),
    "dstack_p2p_chain_id": (c_uint64, _HANDLE),
    "dstack_p2p_peers_count": (c_size_t, _HANDLE),
    "dstack_p2p_peers_at": (POINTER(CPeer), [c_void_p, c_size_t]),
    "dstack_p2p_peers_version": (c_uint64, _HANDLE),
    "dstack_p2p_peers_block_number": (c_uint64, _HANDLE),
    "dstack_p2p_peers_block_time": (c_uint64, _HANDLE),
    "dstack_p2p_peers_age_ms": (c_uint64, _HANDLE),
    "dstack_p2p_peers_free": (None, _HANDLE),
    "dstack_p2p_monitor_start": (c_int, [c_void_p, c_void_p, c_void_p]),
    "dstack_p2p_monitor_stop": (c_int, _HANDLE),
    "dstack_p2p_monitor_cancel": (None, _HANDLE),
    "dstack_p2p_monitor_fd": (c_int, _HANDLE),
    "dstack_p2p_monitor_peers": (c_void_p, _HANDLE),
    "dstack_p2p_monitor_status": (c_int, [c_void_p, POINTER(CStatus)]),
}
