# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables shared with tools/quickstart
# Numbered steps with progress and times, and failures that tell what to do about them.
# The caller sets `steps` (how many there are) and `log` (a file that gets the details).

step=0 title='' changes=0 changes_before=0 step_began=0 at_work=''

# step TITLE: ends the step before and begins the next.
step() {
    end_step
    step=$((step + 1)) title=$1 changes_before=$changes step_began=$SECONDS
    printf '[%2d/%d] %s\n' "$step" "$steps" "$title"
}

end_step() {
    [[ $step -gt 0 ]] || return 0
    local word=unchanged
    [[ $changes -eq $changes_before ]] || word='done'
    say "$word ($((SECONDS - step_began)) s)"
}

say() {
    printf '        %s\n' "$*"
}

# change TEXT: says what is about to be changed on this machine, and counts it.
change() {
    changes=$((changes + 1))
    say "$*"
}

# die WHAT [WHAT_TO_DO]
die() {
    {
        echo
        echo "quickstart: step $step of $steps failed: $title"
        echo "  what:  $1"
        echo "  to do: ${2:-see the end of $log}"
        echo "  Then run it again; what is done already is not done twice."
    } >&2
    exit 1
}

# logged WHAT_TO_DO COMMAND...: runs it with its output in the log and shows that it is alive.
# If it fails, that is the end: the last lines of its output and WHAT_TO_DO are shown.
logged() {
    local advice=$1 began=$SECONDS next=10 size code=0 pid
    shift
    size=$(stat -c %s "$log")
    (trap - ERR && "$@") >>"$log" 2>&1 &
    pid=$! at_work=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        if [[ $((SECONDS - began)) -ge $next ]]; then
            next=$((next + 10))
            say "... $((SECONDS - began)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-80)"
        fi
    done
    wait "$pid" || code=$?
    at_work=''
    if [[ $code -ne 0 ]]; then
        tail -c "+$((size + 1))" "$log" | tail -n 15 | sed 's/^/        | /' >&2
        die "${1//_/ } ended with exit code $code (all of its output: $log)" "$advice"
    fi
}

# The rest that can happen: a command without a message of its own, and Ctrl-C.
trap 'die "line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND"' ERR
trap interrupted INT TERM

interrupted() {
    trap - INT TERM ERR
    printf '\nquickstart: interrupted in step %s of %s; run it again to go on\n' "$step" "$steps" >&2
    if [[ -n $at_work ]]; then
        echo "  What apt or pip has begun, they finish first; Ctrl-C again does not wait." >&2
        wait "$at_work" || true
    fi
    exit 130
}
