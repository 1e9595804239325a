# SPDX-License-Identifier: MIT
"""The same with web3.py, as one would write it with the contract's ABI at hand."""

import os
import sys

from web3 import Web3

PEER = [
    ("bytes20", "instanceId"),
    ("address", "instanceAddress"),
    ("uint64", "registeredAt"),
    ("uint64", "expiresAt"),
    ("string", "connectionUrl"),
]
ABI = [
    {
        "type": "function",
        "name": "getPeers",
        "stateMutability": "view",
        "inputs": [{"name": "offset", "type": "uint256"}, {"name": "limit", "type": "uint256"}],
        "outputs": [
            {"name": "page", "type": "tuple[]", "components": [{"name": name, "type": kind} for kind, name in PEER]},
            {"name": "total", "type": "uint256"},
            {"name": "version", "type": "uint256"},
        ],
    }
]

w3 = Web3(Web3.HTTPProvider(os.environ["RPC_URL"]))
page, total, version = w3.eth.contract(address=sys.argv[1], abi=ABI).functions.getPeers(0, 2000).call()
print(*(peer[4] for peer in page), sep="\n")
