# Turns the commented defaults in the configuration files of libvirt into kolla's option list;
# the file qemu.conf is the group qemu. A list stands for itself: [ "mount" ].
FNR == 1 {
    group = FILENAME
    sub(/.*\//, "", group)
    sub(/\.conf$/, "", group)
    printf "%s\"%s\": {", (NR == 1 ? "{" : "\n},\n"), group
    first = 1
}
/^#[a-z_]+ *= */ {
    name = $1
    sub(/^#/, "", name)
    sub(/=.*/, "", name)
    if ((group, name) in seen) next
    seen[group, name] = 1
    value = $0
    sub(/^[^=]*= */, "", value)
    type = value ~ /^[0-9]+$/ ? "integer" : "string"
    secret = name ~ /_password$/ ? ", \"secret\": true" : ""
    printf "%s\n  \"%s\": {\"type\": \"%s\"%s}", (first ? "" : ","), name, type, secret
    first = 0
}
END { print "\n}}" }
