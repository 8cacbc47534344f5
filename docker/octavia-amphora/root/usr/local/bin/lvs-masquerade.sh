#!/bin/bash
# lvs-masquerade.sh add|delete ipv4|ipv6 INTERFACE: Octavia's agent runs it for each interface. What
# keepalived forwards through it (UDP, SCTP) has the address of the interface.
set -euo pipefail

case $2 in
    ipv4) family=ip ;;
    ipv6) family=ip6 ;;
esac
table="$family octavia-$3"

nft -f - <<< "
    add table $table
    delete table $table"
[[ $1 == add ]] || exit 0
nft -f - <<< "
    add table $table
    add chain $table leaving { type nat hook postrouting priority srcnat; }
    add rule $table leaving oifname $3 meta l4proto { udp, sctp } masquerade"
