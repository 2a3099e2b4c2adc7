# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every script in ci/ shares. Sourced, never run. Sets: root (the checkout), out (where
# reports go), jobs. Scripts must work from any folder, without standard input and without a
# terminal, and leave no process behind.

# shellcheck disable=SC2034  # used by the scripts that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=${SMTPDX_OUT:-$root/out}
build_dir=${SMTPDX_BUILD:-$root/build}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
export LC_ALL=C.UTF-8
export SMTPDX_CONFIG=none # of the person who runs it; ci/check-config has files of its own

# Exit status of a part that could not run, with its reason on the last line. 77 as in automake.
SKIPPED=77

say() { printf '%s\n' "$*"; }
note() { printf '  %s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

die() { # STATUS TEXT
    complain "${0##*/}: $2"
    exit "$1"
}

skip() { # REASON: ends a part that cannot be judged here
    say "skipped: $*"
    exit "$SKIPPED"
}

have() { command -v "$1" >/dev/null 2>&1; }

# The program, or the end of this part: 3 as for everything that did not load.
need_program() {
    program=$build_dir/smtpdx
    [ -x "$program" ] || die 3 "$program is missing: run ci/build first"
}

# Waits until PID is gone, at most SECONDS; ends it by id if it is not. Only ever our own children.
end_process() { # PID SECONDS
    local i
    kill -0 "$1" 2>/dev/null || return 0
    kill -TERM "$1" 2>/dev/null
    for ((i = 0; i < $2 * 10; i++)); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null
    return 0
}
