# shellcheck shell=bash
# Sourced by the scripts of every image.

# fail MESSAGE: ends the script with one line that names it.
fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# require NAME...: fails on the first environment variable that is missing or empty.
require() {
    local name
    for name; do
        [[ -n ${!name:-} ]] || fail "$name is not set"
    done
}
