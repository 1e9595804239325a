# SPDX-License-Identifier: MIT
# JSON-RPC batches for batch.sh, and their answers. $contract is the membership contract.

def hex_digit: "0123456789abcdef"[.:. + 1];
def to_hex: if . < 16 then hex_digit else (. / 16 | floor | to_hex) + (. % 16 | hex_digit) end;
def from_hex: reduce (ltrimstr("0x") | ascii_downcase | explode[]) as $c
  (0; . * 16 + (if $c < 97 then $c - 48 else $c - 87 end));

# Call data with another instance id in place of forty zeros; both are text, and call data is hex.
def for_instance($id): ("0" * 40 | explode | map(to_hex) | join("")) as $zeros
  | split($zeros) | join($id | explode | map(to_hex) | join(""));

def request($id; $method; params): {jsonrpc: "2.0", id: $id, method: $method, params: params};

# Of all identities: the ticket, and the balance.
def questions($ticket): map(
  request("ticket " + .instance_id; "eth_call";
    [{to: $contract, data: (.instance_id as $id | $ticket | for_instance($id))}, "latest"]),
  request("balance " + .instance_id; "eth_getBalance"; [.instance_address, "latest"]));

# Who has no ticket, or less than $least. A question without a proper answer is an error.
def missing($least): (map({key: .id, value: .result}) | from_entries) as $answers
  | $identities | map(. + {
      mint: ($answers["ticket " + .instance_id] | from_hex == 0),
      fund: ($answers["balance " + .instance_id] | from_hex < $least)})
  | map(select(.mint or .fund));

# What gives each what it lacks. A first ticket costs 77,000 gas; a limit spares the chain an estimate.
def transactions: [.[]
    | (select(.mint) | {to: $contract, value: $price, gas: "0x30d40", data: (.instance_id as $id | $mint | for_instance($id))}),
      (select(.fund) | {to: .instance_address, value: $fund, gas: "0x5208"})]
  | map(request(1; "eth_sendTransactionSync"; [. + {from: $operator}]));

# curl's configuration that sends one request after the other.
def curl_config($url): map("url = \($url | tojson)\nheader = \"Content-Type: application/json\"\ndata = \(tojson | tojson)\n")
  | join("next\n");
