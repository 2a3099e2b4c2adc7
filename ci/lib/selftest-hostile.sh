# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Parts of ci/selftest: what is selected, what is to be pasted into a shell, and the ways in which a
# machine or a person can be unkind. Sourced; uses check, good, bad, make_slow, start_run and their kin.

# One scenario that passes, or fails when CAUSE is another one.
make_case() { # FILE [CAUSE]
    cat >"$1" <<END
secrets: { password: { generate: app_password } }
scenarios:
  - id: wrong-password
    server: { like: gmail, says: auth.credentials_rejected }
    probe:
      provider: gmail
      auth: { mechanism: PLAIN, user: jane@gmail.com, password: "\${secret:password}" }
      until: auth
    expect: { outcome: refused, cause: ${2-auth.credentials_rejected} }
END
}

# same_selection NAME ARGUMENT…: `list` and `run` name the same cases and skip the same ones, for the
# same reasons. The shipped scenarios of the real endpoints lack their secrets here.
same_selection() {
    local name=$1
    shift
    "$binary" list --json "$@" >"$tmp/listed" 2>"$tmp/printed" </dev/null
    "$binary" run --sim --no-junit --json "$tmp/run.json" "$@" >"$tmp/run.out" 2>&1 </dev/null
    if perl -MJSON::PP -e '
        my ($listed, $run) = @ARGV;
        open my $in, "<", $listed or die; my @l = map { decode_json($_) } <$in>;
        open $in, "<", $run or die "no report\n"; my $r = do { local $/; decode_json(<$in>) };
        my %run = map { $_->{id} => $_->{verdict} eq "skip" ? $_->{message} : "" } @{ $r->{results} };
        for my $c (@l) {
            die "$c->{id} is listed and not run\n" unless exists $run{ $c->{id} };
            my $skip = delete $run{ $c->{id} };
            die "$c->{id}: listed as \"" . ($c->{skip} // "") . "\", run as \"$skip\"\n" if $skip ne ($c->{skip} // "");
        }
        die "run and not listed: @{[ %run ]}\n" if %run;
        die "nothing listed\n" unless @l;' "$tmp/listed" "$tmp/run.json" 2>"$tmp/differences"; then
        good
    else
        bad "list as run: $name" "$*" "$tmp/differences"
    fi
    rm -f "$tmp/run.json"
}

part_select() {
    local row file=scenarios/providers/outlook.yaml
    row=$(grep -nm1 '^      - { id:' $file | cut -d: -f1)
    same_selection 'a file' --sim $file
    same_selection 'a pattern' --sim 'scenarios/providers/*.yaml'
    same_selection 'a line' --sim "$file:$row"
    same_selection 'an id' --sim --id 'providers/outlook::*'
    same_selection 'a tag and a level' --sim --tag starttls --level must scenarios/submission
    same_selection 'a reference' --sim --ref RFC3207 --not-tag nothing
    same_selection 'without secrets' --sim --live scenarios/live scenarios/submission/usernames.yaml
    check 'live, without secrets' 0 'the environment variable' -- list --live scenarios/live

    check 'the pattern of a shell' 0 -- list scenarios/providers/*.yaml

    check 'files to be included only' 3 'only there to be included' -- lint 'scenarios/providers/_*'
    check 'nearest id' 4 "no id matches 'providers/outlok::*' (did you mean 'providers/outlook'?)" -- \
        run --no-junit --id 'providers/outlok::*'
    check 'nearest tag' 4 "no case has the tag 'startls' (did you mean 'starttls'?)" -- list --tag startls
    check 'unknown reference' 4 "no case has the reference 'RFC9999'" -- list --ref RFC9999
    check 'nearest case' 4 "(did you mean 'injected'?)" -- list scenarios/submission/starttls.yaml::injectd
    check 'line of nothing' 4 'line 1 of' 'lies in no scenario' -- list "$file:1"
    check 'too much asked for' 4 'no case meets all that was asked for' -- list --tag starttls --id 'live/*'
    check 'nearest file' 3 "(did you mean 'scenarios/providers'?)" -- list scenarios/provider
    mkdir -p "$tmp/empty"
    local command
    for command in 'run --no-junit' lint list; do
        # shellcheck disable=SC2086  # words, by design
        check "a folder without scenarios: $command" 4 'no scenario file (*.yaml' -- $command "$tmp/empty"
    done
    paste_again
}

# The command under a failure, pasted into a shell, repeats that case, whatever the file is called.
paste_again() {
    local name line count=0 dir=$tmp/odd
    mkdir -p "$dir/a::b"
    for name in plain 'with space' "qu'ote" 'dq"x' 'x:12' $'new\nline' 'ümläut' '$HOME' '*star' 'back\slash' '-dash'; do
        make_case "$dir/$name.yaml" auth.required
    done
    make_case "$dir/a::b/x.yaml" auth.required
    sed -i '1i suite: colons' "$dir/a::b/x.yaml"
    "$binary" run --sim --no-junit "$dir" >"$tmp/run.out" 2>&1 </dev/null
    while IFS= read -r line; do
        count=$((count + 1))
        if ! eval "\"\$binary\" $line --no-junit" >"$tmp/printed" 2>&1 </dev/null &&
            grep -q '^1 case: 0 passed, 1 failed' "$tmp/printed"; then
            good
        else
            bad 'again' "$line" "$tmp/printed"
        fi
    done < <(sed -n 's/^  again: smtpdx //p' "$tmp/run.out")
    if [ $count = 12 ]; then good; else bad again "$count commands, must be 12" "$tmp/run.out"; fi
    if grep -q '^  again: smtpdx run --sim ' "$tmp/run.out"; then good; else bad again 'not in simulation' "$tmp/run.out"; fi
    # From inside the folder, a name can look like an option.
    (cd "$dir" && "$binary" run --sim --no-junit ./-dash.yaml) >"$tmp/run.out" 2>&1 </dev/null
    line=$(sed -n 's/^  again: smtpdx //p' "$tmp/run.out")
    (cd "$dir" && eval "\"\$binary\" $line --no-junit") >"$tmp/printed" 2>&1 </dev/null
    if grep -q '^1 case: 0 passed, 1 failed' "$tmp/printed"; then good; else bad again "$line" "$tmp/printed"; fi
}

# ---- outputs in each other's way ----

part_outputs() {
    local ok=$tmp/ok.yaml
    make_case "$ok"
    check 'two reports, one file' 2 'json and junit would both be written to' -- \
        run --json "$tmp/same.xml" --junit "$tmp/./same.xml" "$ok"
    check 'log and report, one file' 2 'json and log would both' -- \
        run --no-junit --json "$tmp/same" --log "$tmp/same" "$ok"
    check 'two to standard output' 2 'would both be written to standard output' -- run --no-junit --json - --log - "$ok"
    check 'over a scenario' 2 'json would overwrite the scenario file' -- run --no-junit --json "$ok" "$ok"
    check 'the scenario is still there' 0 -- lint "$ok"
    check 'no-junit and junit' 2 'exclude each other' -- run --no-junit --junit "$tmp/x.xml" "$ok"
    check 'two to a device' 0 -- run --no-junit --json /dev/null --report tap=/dev/null "$ok"
    check 'empty name' 2 'the name of the json report is empty' -- run --no-junit --json '' "$ok"

    # A report on standard output stands there alone; people read the other one.
    "$binary" run --no-junit --json - "$ok" >"$tmp/run.json" 2>"$tmp/run.err" </dev/null
    if perl -MJSON::PP -e 'local $/; decode_json(<STDIN>)' <"$tmp/run.json" 2>/dev/null &&
        grep -q '^1 case: 1 passed.*JSON: standard output' "$tmp/run.err"; then
        good
    else
        bad 'a report on standard output' 'is mixed with other things' "$tmp/run.json"
    fi
    # With no standard descriptors at all, nothing strays into the log.
    "$binary" run --no-junit --log "$tmp/run.log" "$ok" <&- >&- 2>&-
    check 'closed descriptors' 0 '1..1' -- report -f tap "$tmp/run.log"
    if [ -w /dev/full ]; then
        for command in 'list' 'schema' 'providers' '--help' 'run --help' 'lint'; do
            # shellcheck disable=SC2086  # words, by design
            "$binary" $command >/dev/full 2>"$tmp/printed" </dev/null
            expect_number "$command to a full device" $? 6
        done
    fi
    # Whoever reads the progress may go; the reports are written and the exit status is the run's.
    local got
    got=$("$binary" run -v --sim --no-junit --json "$tmp/run.json" scenarios/submission 2>/dev/null </dev/null |
        head -1 >/dev/null; echo "${PIPESTATUS[0]}")
    expect_number 'the reader has gone' "$got" 0
    if grep -q '"selected"' "$tmp/run.json"; then good; else bad 'the reader has gone' 'no report'; fi
    # A limit on file sizes is an error, not the end.
    (ulimit -f 1; exec "$binary" run --sim --no-junit --json "$tmp/limited.json" scenarios/submission) \
        >"$tmp/printed" 2>&1 </dev/null
    expect_number 'a file-size limit' $? 6
    if [ -e "$tmp/limited.json" ]; then bad 'a file-size limit' 'half a report is left'; else good; fi
    cut_log
}

expect_number() { # NAME GOT WANT
    if [ "$2" = "$3" ]; then good; else bad "$1" "exit $2, must be $3" "$tmp/printed"; fi
}

# A log that ends in the middle of a line still makes a report; what ran then is an error.
cut_log() {
    local size
    "$binary" run --sim --no-junit --log "$tmp/whole.log" scenarios/submission/usernames.yaml >/dev/null 2>&1 </dev/null
    size=$(wc -c <"$tmp/whole.log")
    head -c $((size / 2)) "$tmp/whole.log" >"$tmp/cut.log"
    check 'a log cut in the middle' 5 'ok 1' 'tool.aborted' -- report -f tap "$tmp/cut.log"
    check 'a report over its log' 2 'would overwrite the log' -- report -o "$tmp/cut.log" "$tmp/cut.log"
    printf '{"event":"run-st\n{}\n' >"$tmp/broken.log"
    check 'a log broken inside' 3 'broken.log:1:' -- report "$tmp/broken.log"
}

# ---- unkind surroundings ----

part_surroundings() {
    local ok=$tmp/ok.yaml dir=$tmp/loop
    make_case "$ok"
    mkdir -p "$dir/inner"
    make_case "$dir/x.yaml"
    mkfifo "$dir/fifo.yaml"
    ln -s .. "$dir/inner/up"
    ln -s "$dir" "$dir/self"
    ln -s nowhere "$dir/dangling.yaml"
    check 'links in a circle, a pipe, a dead link' 0 '1 file, 1 case, no errors' -- lint "$dir"
    (ulimit -n 20; "$binary" run --no-junit "$ok") >"$tmp/printed" 2>&1 </dev/null
    expect_number 'few open files' $? 5
    if grep -q 'ulimit -n' "$tmp/printed"; then good; else bad 'few open files' 'does not say so' "$tmp/printed"; fi
    (ulimit -n 64; "$binary" run --no-junit -j 64 scenarios/submission/starttls.yaml) >"$tmp/printed" 2>&1 </dev/null
    expect_number '64 open files' $? 0
    http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
        all_proxy=socks5://127.0.0.1:9 ALL_PROXY=socks5://127.0.0.1:9 \
        "$binary" run --no-junit "$ok" >"$tmp/printed" 2>&1 </dev/null
    expect_number 'proxies in the environment' $? 0
    env -i "$binary" run --no-junit "$ok" >"$tmp/printed" 2>&1 </dev/null
    expect_number 'no environment' $? 0
    (cd / && "$binary" run --no-junit "${ok#/}") >"$tmp/printed" 2>&1 </dev/null
    expect_number 'from another folder' $? 0
    if unshare -n true 2>/dev/null; then # a network of its own, with nothing up
        unshare -n "$binary" run --no-junit "$ok" >"$tmp/printed" 2>&1 </dev/null
        expect_number 'no loopback' $? 5
        unshare -n "$binary" run --sim --no-junit "$ok" >"$tmp/printed" 2>&1 </dev/null
        expect_number 'no loopback, simulated' $? 0
    fi
    if [ "$(id -u)" -ne 0 ]; then
        mkdir -p "$tmp/read-only" && chmod 555 "$tmp/read-only"
        (cd "$tmp/read-only" && "$binary" run "$ok") >"$tmp/printed" 2>&1 </dev/null
        expect_number 'a read-only folder' $? 6
    fi
    stubborn_signals
}

is_gone() { # PID: ended within 5 s, whoever has to collect it
    local i
    for ((i = 0; i < 500; i++)); do
        case $(ps -o stat= -p "$1") in '' | Z*) return 0 ;; esac
        sleep 0.01
    done
    return 1
}

stubborn_signals() {
    local pids pid
    make_slow "$tmp/slow.yaml" 60s 1
    start_run --jobs 1 --in-flight 1 "$tmp/slow.yaml"
    wait_for '"slow::stalled-1"'
    check 'a log that another run writes' 6 'another run is writing it' -- \
        run --no-junit --log "$tmp/run.log" "$tmp/ok.yaml"
    kill -INT "$run_pid" && kill -INT "$run_pid" 2>/dev/null
    end_run
    expect_status 'interrupted twice' 130
    expect_xml 'interrupted twice'

    start_run --jobs 2 "$tmp/slow.yaml"
    wait_for '"slow::stalled-1"'
    pids=$(workers)
    kill -KILL "$run_pid"
    end_run
    for pid in $pids; do
        if is_gone "$pid"; then good; else bad 'the parent is killed' "worker $pid lives on"; fi
    done
    make_slow "$tmp/slow.yaml" 1s 1
    (trap '' HUP; exec "$binary" run --no-junit --log "$tmp/run.log" "$tmp/slow.yaml") >"$tmp/run.out" 2>&1 </dev/null &
    run_pid=$!
    wait_for '"slow::stalled-1"'
    kill -HUP "$run_pid"
    end_run
    expect_status 'nohup' 0
}
