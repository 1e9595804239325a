// SPDX-License-Identifier: MIT
// Lists the peers with ethers:   node ethers.mjs RPC_URL CONTRACT
import { Contract, JsonRpcProvider } from "ethers";

const PAGE = 2000;
const abi = [
  "function getPeers(uint256 offset, uint256 limit) view returns (tuple(bytes20 instanceId, address instanceAddress, uint64 registeredAt, uint64 expiresAt, string connectionUrl)[] page, uint256 total, uint256 version)",
];

const [rpcUrl, address] = process.argv.slice(2);
const provider = new JsonRpcProvider(rpcUrl);
const contract = new Contract(address, abi, provider);
const lines = [];
for (let offset = 0, total = 1; offset < total; offset += PAGE) {
  const answer = await contract.getPeers(offset, PAGE);
  for (const peer of answer.page) lines.push(`${peer.instanceId.slice(2)}\t${peer.connectionUrl}\n`);
  total = Number(answer.total);
}
process.stdout.write(lines.join(""));
provider.destroy();
