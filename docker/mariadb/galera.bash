# shellcheck shell=bash disable=SC2034
# Sourced by the scripts of the image: MariaDB as a member of a Galera cluster.

# Exists only if this MariaDB is a member.
GALERA=/etc/kolla/galera.cnf
# Of the data: what Galera knows of them. Data that have never been in a cluster lack it.
GRASTATE=/var/lib/mysql/data/grastate.dat
# No data of its own: it gets them from another member.
JOINS=/var/lib/mysql/joins
# The copy of another member's data is not complete.
COPIES=/var/lib/mysql/data/sst_in_progress
# An operator has said that this member begins the cluster again.
NEW_CLUSTER=/var/lib/mysql/new-cluster
# Other members have had the same data.
SHARED=/var/lib/mysql/shared
# How far the data of this member are, when it started.
POSITION=/run/kolla/position
# What kolla-start waits for.
WAITS=/run/kolla/waits
# Exists once the server has joined the cluster.
SOCKET=/run/kolla/mariadb.sock
readonly GALERA GRASTATE JOINS COPIES NEW_CLUSTER SHARED POSITION WAITS SOCKET

is_member() {
    [[ -e $GALERA ]]
}

# Whether the data are not whole: they come from another member.
lacks_data() {
    [[ -e $JOINS || -e $COPIES ]]
}

# The MariaDBs of the cluster, each as ADDRESS:PORT.
servers() {
    sed -n "s/^servers = //p" "$GALERA" | tr , "\n"
}

# Where the monitor of each of their hosts is asked, in the same order.
monitors() {
    sed -n "s/^monitors = //p" "$GALERA" | tr , "\n"
}

others() {
    servers | grep -Fxv "$KOLLA_ADDRESS:$KOLLA_PORT"
}

is_first() {
    [[ $(servers | head -n 1) == "$KOLLA_ADDRESS:$KOLLA_PORT" ]]
}

# serves ADDRESS:PORT: whether a MariaDB greets its clients there. 2: nobody knows, because that
# host does not even refuse.
serves() {
    local said code=0
    said=$(timeout 3 bash -c 'exec 3<> "/dev/tcp/${1%:*}/${1##*:}" && head -c 5 <&3 | tr -d "\0"' \
        serves "$1" 2>&1) || code=$?
    [[ $code == 0 && -n $said ]] && return 0
    [[ $said == *"Connection refused"* || $code == 0 ]] && return 1
    return 2
}

# another_serves: whether another member serves. 2: none does as far as this host can see; $unknown
# are the members that it cannot reach.
another_serves() {
    local place code
    unknown=
    for place in $(others); do
        code=0
        serves "$place" || code=$?
        [[ $code != 0 ]] || return 0
        [[ $code != 2 ]] || unknown+="${unknown:+, }${place%:*}"
    done
    [[ -z $unknown ]] && return 1
    return 2
}

# status_at ADDRESS:PORT: what the monitor there says of MariaDB; nothing if it says nothing.
status_at() {
    timeout 3 bash -c 'exec 3<> "/dev/tcp/${1%:*}/${1##*:}" &&
        printf "GET /containers/mariadb HTTP/1.0\r\n\r\n" >&3 && cat <&3' status_at "$1" \
        2> /dev/null | sed -n 's/^ *"status": "\([a-z]*\)".*/\1/p' || true
}

# had_elsewhere: the other hosts whose monitor says that MariaDB was put to work there, which it is
# only once it has all data of a cluster.
had_elsewhere() {
    local place monitor status
    while read -r place monitor; do
        [[ $place != "$KOLLA_ADDRESS:$KOLLA_PORT" && -n $monitor ]] || continue
        status=$(status_at "$monitor")
        [[ ${status:-absent} == absent ]] || echo "${place%:*}"
    done < <(paste --delimiters=" " <(servers) <(monitors)) | paste --serial --delimiters=,
}

# gets_its_data: whether a member without data gets them from the others. The first one begins a
# cluster, an empty one, only if it reaches the hosts of all others, none of them serves, and none
# is known to have data: these would be lost.
gets_its_data() {
    local code=0 had
    is_first || return 0
    another_serves || code=$?
    if (( code == 2 )); then
        fail "it would begin an empty cluster, and does not know whether $unknown has the data of" \
            "one: start MariaDB there first, or let this host reach it; take the file of a host" \
            "that does not exist yet out of hosts/"
    fi
    (( code == 1 )) || return 0
    had=$(had_elsewhere)
    [[ -z $had ]] ||
        fail "it would begin an empty cluster, and MariaDB of $had would lose its data: let it" \
            "serve there first, see 'All members were down' on the page 'High availability'; if" \
            "nobody needs these data, delete that container with its data"
    return 1
}

# of_grastate NAME: a value in it; nothing if there is no such file.
of_grastate() {
    [[ ! -e $GRASTATE ]] || sed -n "s/^$1: *//p" "$GRASTATE"
}

# ask STATEMENT: asks the server as a user without access to any data.
ask() {
    mariadb --user=kolla_check --connect-timeout=5 --batch --skip-column-names -e "$1" 2>&1
}

# read_status: what Galera says of this member; fails with the answer in $answer.
declare -A status=()
read_status() {
    local name value
    answer=$(ask "SHOW STATUS LIKE 'wsrep\_%'") || return 1
    while read -r name value; do
        status[$name]=$value
    done <<< "$answer"
}
