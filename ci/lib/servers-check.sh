# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Do the servers of ci/servers behave as their rows say? Asked with curl and openssl, which share no
# code with smtpdx. Sourced; uses the environment that print_environment makes. A server that does
# not is our mistake, and the scenarios against it would prove nothing.

check_bad=0
check_done=0

verdict() { # NAME STATUS DETAIL
    check_done=$((check_done + 1))
    if [ "$2" -eq 0 ]; then
        note "ok    $1"
    else
        check_bad=$((check_bad + 1))
        note "FAIL  $1: $3"
    fi
}

# curl's exit status for EHLO, (STARTTLS,) AUTH, NOOP, QUIT. The password goes through a file
# descriptor, not through the command line.
ask_curl() { # SCHEME LISTENER MECHANISM PASSWORD [OPTION...]
    local scheme=$1 port mechanism=$3 secret=$4
    port=$(port_of "$2")
    shift 4
    {
        printf 'url = "%s://%s:%s/client.%s"\nrequest = "NOOP"\ncacert = "%s"\n' \
            "$scheme" "$host" "$port" "$domain" "$SMTPDX_SERVERS_CA"
        printf 'resolve = "%s:%s:127.0.0.1"\n' "$host" "$port"
        case $mechanism in
        none) ;;
        XOAUTH2 | OAUTHBEARER)
            printf 'user = "%s"\noauth2-bearer = "%s"\nlogin-options = "AUTH=%s"\n' "$user" "$secret" "$mechanism"
            ;;
        *) printf 'user = "%s:%s"\nlogin-options = "AUTH=%s"\n' "$user" "$secret" "$mechanism" ;;
        esac
    } | curl -sv -m 20 -K - "$@" >"$work/curl.out" 2>"$work/curl.err"
}

wants() { # NAME WANTED-STATUS[|STATUS] PATTERN SCHEME LISTENER MECHANISM PASSWORD [OPTION...]
    local name=$1 wanted=$2 pattern=$3 got
    shift 3
    ask_curl "$@"
    got=$?
    if [[ ! $got =~ ^($wanted)$ ]]; then
        verdict "$name" 1 "curl said $got, expected $wanted: $(grep '^[<*]' "$work/curl.err" | tail -n 2 | tr '\r\n' '  ')"
    elif ! grep -Eq -- "$pattern" "$work/curl.err"; then
        verdict "$name" 1 "no '$pattern' in what was said: $(grep '^<' "$work/curl.err" | tail -n 2 | tr '\r\n' '  ')"
    else
        verdict "$name" 0 ""
    fi
}

never() { # NAME PATTERN: not in what was said last
    if grep -Eq -- "$2" "$work/curl.err"; then
        verdict "$1" 1 "$(grep -E -- "$2" "$work/curl.err" | head -n 1)"
    else
        verdict "$1" 0 ""
    fi
}

# Does a TLS 1.1 handshake still work with this library, when both sides want it?
tls11_works() {
    printf 'QUIT\r\n' | timeout 10 openssl s_client -starttls smtp -quiet -tls1_1 \
        -cipher ALL:@SECLEVEL=0 -connect "127.0.0.1:$(port_of postfix-tls11)" >"$work/tls11" 2>&1 &&
        grep -q '^2[25]' "$work/tls11"
}

check_postfix() {
    local mechanism
    for mechanism in PLAIN LOGIN CRAM-MD5; do
        wants "postfix: STARTTLS, $mechanism" 0 '^< 235 ' smtp postfix-submission $mechanism "$password" --ssl-reqd
    done
    wants "postfix: SCRAM-SHA-256 offered" 0 'AUTH.* SCRAM-SHA-256' smtp postfix-submission PLAIN "$password" --ssl-reqd
    wants "postfix: wrong password" 67 '^< 535 5\.7\.8' smtp postfix-submission PLAIN wrong-password --ssl-reqd
    wants "postfix: implicit TLS" 0 '^< 235 ' smtps postfix-smtps PLAIN "$password"
    wants "postfix: no AUTH before TLS" 0 '^< 250' smtp postfix-submission none ''
    never "postfix: no AUTH line in clear" '^< 250[ -]AUTH'
    wants "postfix: CRAM-MD5 only" 0 '^< 250[ -]AUTH CRAM-MD5' smtp postfix-cram-only CRAM-MD5 "$password" --ssl-reqd
    wants "postfix: expired certificate" 60 'expired' smtp postfix-expired PLAIN "$password" --ssl-reqd
    wants "postfix: wrong name" 60 'subjectAltName|host name' smtp postfix-wrong-name PLAIN "$password" --ssl-reqd
    wants "postfix: untrusted authority" 60 'unable to get local issuer' smtp postfix-untrusted PLAIN "$password" --ssl-reqd
    wants "postfix: self-signed" 60 'self.signed' smtp postfix-self-signed PLAIN "$password" --ssl-reqd
    wants "postfix: no STARTTLS" 64 '^< 250' smtp postfix-no-starttls PLAIN "$password" --ssl-reqd
    wants "postfix: AUTH in clear is offered" 0 '^< 250[ -]AUTH .*PLAIN' smtp postfix-clear-auth PLAIN "$password"
    never "postfix: AUTH in clear has no STARTTLS" '^< 250[ -]STARTTLS'
    wants "postfix: no AUTH at all" 0 '^< 250' smtp postfix-no-auth none '' --ssl-reqd
    never "postfix: no AUTH line" '^< 250[ -]AUTH'
    wants "postfix: rejecting greeting" 8 '^< 554' smtp postfix-rejecting none ''
    wants "postfix: client certificate wanted" 56 'certificate required|certificate_required|alert' \
        smtp postfix-client-cert PLAIN "$password" --ssl-reqd
    if tls11_works; then
        verdict "postfix: TLS 1.1 only" 0 ""
        wants "postfix: TLS 1.1 refused by a modern client" 35 '' smtp postfix-tls11 PLAIN "$password" --ssl-reqd --tlsv1.2
    else
        note "skip  postfix: TLS 1.1 only: the TLS library no longer does it"
    fi
}

check_dovecot() {
    local mechanism
    for mechanism in PLAIN LOGIN CRAM-MD5; do
        wants "dovecot: STARTTLS, $mechanism" 0 '^< 235 ' smtp dovecot-submission $mechanism "$password" --ssl-reqd
    done
    wants "dovecot: SCRAM-SHA-256 offered" 0 'AUTH.* SCRAM-SHA-256' smtp dovecot-submission PLAIN "$password" --ssl-reqd
    wants "dovecot: wrong password" 67 '^< 535 ' smtp dovecot-submission PLAIN wrong-password --ssl-reqd
    for mechanism in XOAUTH2 OAUTHBEARER; do
        wants "dovecot: $mechanism" 0 '^< 235 ' smtp dovecot-submission $mechanism "$SMTPDX_SERVERS_TOKEN" --ssl-reqd
        wants "dovecot: $mechanism, token expired" 67 '^< 535 ' smtp dovecot-submission $mechanism "$SMTPDX_SERVERS_TOKEN_EXPIRED" --ssl-reqd
    done
    wants "dovecot: implicit TLS" 0 '^< 235 ' smtps dovecot-submission-smtps PLAIN "$password"
    # To a client of the same address Dovecot offers AUTH in clear as well: it holds that for secure.
    wants "dovecot: STARTTLS offered" 0 '^< 250[ -]STARTTLS' smtp dovecot-submission none ''
    wants "dovecot: expired certificate" 60 'expired' smtp dovecot-expired PLAIN "$password" --ssl-reqd
    wants "dovecot: wrong name" 60 'subjectAltName|host name' smtp dovecot-wrong-name PLAIN "$password" --ssl-reqd
    wants "dovecot: AUTH in clear is offered" 0 '^< 250[ -]AUTH .*PLAIN' smtp dovecot-clear-auth PLAIN "$password"
    never "dovecot: AUTH in clear has no STARTTLS" '^< 250[ -]STARTTLS'
}

# LIST says which folder is for junk, inside TLS and after a login.
check_mailboxes() {
    local port
    port=$(port_of dovecot-submission-imaps)
    printf 'url = "imaps://%s:%s/"\ncacert = "%s"\nresolve = "%s:%s:127.0.0.1"\nuser = "%s:%s"\nrequest = "LIST \\"\\" \\"*\\" RETURN (SPECIAL-USE)"\n' \
        "$host" "$port" "$SMTPDX_SERVERS_CA" "$host" "$port" "$user" "$password" | curl -s -m 20 -K - >"$work/curl.out" 2>"$work/curl.err"
    grep -q '^\* LIST (.*\\Junk.*) .* Junk' "$work/curl.out"
    verdict "dovecot: IMAP, and a junk folder" $? "$(head -n 3 "$work/curl.out")"
}

servers_check() {
    local server
    have curl || skip "curl is not installed"
    for server in $started; do
        "check_$server"
    done
    [ -z "${ports[dovecot-submission-imaps]:-}" ] || case $started in *dovecot*) check_mailboxes ;; esac
    say "servers: $((check_done - check_bad)) of $check_done as configured"
    [ $check_bad -eq 0 ]
}
