// SPDX-License-Identifier: MIT
// Lists the peers with viem:   node viem.mjs RPC_URL CONTRACT
import { createPublicClient, http, parseAbi } from "viem";

const PAGE = 2000;
const abi = parseAbi([
  "struct Peer { bytes20 instanceId; address instanceAddress; uint64 registeredAt; uint64 expiresAt; string connectionUrl; }",
  "function getPeers(uint256 offset, uint256 limit) view returns (Peer[] page, uint256 total, uint256 version)",
]);

const [rpcUrl, address] = process.argv.slice(2);
const client = createPublicClient({ transport: http(rpcUrl) });
const lines = [];
for (let offset = 0, total = 1; offset < total; offset += PAGE) {
  const [page, count] = await client.readContract({
    address,
    abi,
    functionName: "getPeers",
    args: [BigInt(offset), BigInt(PAGE)],
  });
  for (const peer of page) lines.push(`${peer.instanceId.slice(2)}\t${peer.connectionUrl}\n`);
  total = Number(count);
}
process.stdout.write(lines.join(""));
