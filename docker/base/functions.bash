# shellcheck shell=bash
# Sourced by the scripts of every image.

# fail MESSAGE: ends the script with one line that names it.
fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# The secret variables of the container, each NAME=VALUE and a zero byte, as in /proc/*/environ.
readonly SECRETS=/var/lib/kolla/secrets

# read_secrets: sets them as variables of the script; programs that it starts do not inherit them.
read_secrets() {
    local entry
    [[ -e $SECRETS ]] || return 0
    while IFS= read -r -d "" entry; do
        if [[ ${entry%%=*} =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then
            printf -v "${entry%%=*}" %s "${entry#*=}"
        fi
    done < "$SECRETS"
}

# variables: prints all variables of the container, secret or not, each with a zero byte.
variables() {
    env --null
    [[ ! -e $SECRETS ]] || cat "$SECRETS"
}

# require NAME...: fails on the first variable that is missing or empty.
require() {
    local name
    for name; do
        [[ -n ${!name:-} ]] || fail "$name is not set"
    done
}
