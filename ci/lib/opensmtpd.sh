# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSMTPD for ci/servers: one daemon in a jail (ci/lib/unpacked.sh), a listener for each row of the table. What it
# accepts stays in its queue, bound for a port where nobody listens. Written for 6.8 and later. It offers AUTH inside
# TLS only, whatever it is told. Sourced; uses $work, $host, $user, $password.

opensmtpd_package=opensmtpd
opensmtpd_program=usr/sbin/smtpd

# name            certificate  what its listener says besides; with USERS, SENDERS and CA for the tables
opensmtpd_table() {
    cat <<'END'
submission        valid        tls-require auth USERS senders SENDERS
smtps             valid        smtps auth USERS senders SENDERS
optional-login    valid        tls auth-optional USERS
expired           expired      tls-require auth USERS
wrong-name        wrong-name   tls-require auth USERS
untrusted         untrusted    tls-require auth USERS
self-signed       self-signed  tls-require auth USERS
client-cert       valid        tls-require verify ca test auth USERS
no-auth           valid        tls
no-starttls       -            
rejecting         -            filter rejecting
busy              -            filter busy
greylisting       valid        tls auth-optional USERS filter greylisting
END
}

opensmtpd_obstacle() { unpacked_obstacle "$opensmtpd_package" "$opensmtpd_program"; }

opensmtpd_listeners() {
    local name certificate settings
    while read -r name certificate settings; do
        settings=${settings/USERS/<users>}
        settings=${settings/SENDERS/<own>}
        [ "$certificate" = - ] || settings+=" pki $certificate"
        echo "listen on 127.0.0.1 port $(port_of "opensmtpd-$name") hostname $host $settings"
    done < <(opensmtpd_table)
}

opensmtpd_conf() { # JAIL
    local certificate
    for certificate in valid expired wrong-name untrusted self-signed; do
        printf 'pki %s cert "%s.pem"\npki %s key "%s.key"\n' \
            $certificate "$1/etc/certificates/$certificate" $certificate "$1/etc/certificates/$certificate"
    done
    cat <<END
ca test cert "$1/etc/certificates/ca.pem"
smtp max-message-size 1M
table users file:$1/etc/users
table own { "$user" = "$user" }
table people { "tester@$host", "postmaster@$host" }
table here { "127.0.0.1" }
filter rejecting phase connect match src <here> disconnect "554 you are not welcome here"
filter busy phase connect match src <here> disconnect "421 too busy, please try again later"
filter greylisting phase rcpt-to match src <here> reject "451 4.7.1 greylisted, please try again in five minutes"
$(opensmtpd_listeners)
action hold relay host smtp://127.0.0.1:$(port_of nobody)
match from any for rcpt-to <people> action hold
match from any auth ! for domain "$host" action hold
END
}

opensmtpd_start() {
    local jail=$work/opensmtpd
    jail_make "$jail" "$opensmtpd_package" "$opensmtpd_program" opensmtpd opensmtpq || return 1
    mkdir -p "$jail/run" "$jail/var/spool" "$jail/var/lib/opensmtpd/empty" && ln -s ../run "$jail/var/run" || return 1
    chmod 600 "$jail"/etc/certificates/*.key
    mkdir -p "$jail/etc/ssl/certs" && cp "$jail/etc/certificates/ca.pem" "$jail/etc/ssl/certs/ca-certificates.crt" || return 1
    echo "$host" >"$jail/etc/mailname"
    printf '%s %s\n' "$user" "$(printf '%s' "$password" | openssl passwd -6 -stdin)" >"$jail/etc/users"
    opensmtpd_conf "$jail" >"$jail/etc/smtpd.conf"
    chroot "$jail" "/$opensmtpd_program" -n -f "$jail/etc/smtpd.conf" >"$jail/check.log" 2>&1 || return 1
    jail_start opensmtpd "$jail" "/$opensmtpd_program" -dv -f "$jail/etc/smtpd.conf"
}

# OpenSMTPD 6.8 finds no key of its own under OpenSSL 3 and ends every handshake; so in Debian 12 and Ubuntu 22.04.
opensmtpd_speaks_tls() {
    printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -connect "127.0.0.1:$(port_of opensmtpd-smtps)" \
        >"$work/opensmtpd/handshake" 2>&1 # its status says how the connection ended, not how it began
    grep -q '^220 ' "$work/opensmtpd/handshake"
}

# Does each row do what it says? Asked with curl (ci/lib/servers-check.sh).
check_opensmtpd() {
    local mechanism
    wants "opensmtpd: no STARTTLS, no AUTH" 0 '^< 250' smtp opensmtpd-no-starttls none ''
    never "opensmtpd: no AUTH line" '^< 250[ -](AUTH|STARTTLS)'
    wants "opensmtpd: rejecting greeting" 8 '^< 554' smtp opensmtpd-rejecting none ''
    wants "opensmtpd: temporary greeting" 8 '^< 421' smtp opensmtpd-busy none ''
    wants "opensmtpd: no AUTH before TLS" 0 '^< 250[ -]STARTTLS' smtp opensmtpd-submission none ''
    never "opensmtpd: no AUTH line in clear" '^< 250[ -]AUTH'
    if [ "$SMTPDX_OPENSMTPD_TLS" = no ]; then
        wants "opensmtpd: ends every handshake" 35 'internal error' smtp opensmtpd-submission PLAIN "$password" --ssl-reqd
        return
    fi
    for mechanism in PLAIN LOGIN; do
        wants "opensmtpd: STARTTLS, $mechanism" 0 '^< 235 ' smtp opensmtpd-submission $mechanism "$password" --ssl-reqd
    done
    wants "opensmtpd: wrong password" 67 '^< 535 Authentication failed' smtp opensmtpd-submission PLAIN wrong-password --ssl-reqd
    wants "opensmtpd: implicit TLS" 0 '^< 235 ' smtps opensmtpd-smtps PLAIN "$password"
    wants "opensmtpd: expired certificate" 60 'expired' smtp opensmtpd-expired PLAIN "$password" --ssl-reqd
    wants "opensmtpd: wrong name" 60 'subjectAltName|host name' smtp opensmtpd-wrong-name PLAIN "$password" --ssl-reqd
    wants "opensmtpd: untrusted authority" 60 'unable to get local issuer' smtp opensmtpd-untrusted PLAIN "$password" --ssl-reqd
    wants "opensmtpd: self-signed" 60 'self.signed' smtp opensmtpd-self-signed PLAIN "$password" --ssl-reqd
    wants "opensmtpd: client certificate wanted" '55|56' 'certificate required|certificate_required|alert' \
        smtp opensmtpd-client-cert PLAIN "$password" --ssl-reqd
    wants "opensmtpd: greylisting" 0 '^< 235 ' smtp opensmtpd-greylisting PLAIN "$password" --ssl-reqd
    wants "opensmtpd: no AUTH at all" 0 '^< 250' smtp opensmtpd-no-auth none '' --ssl-reqd
    never "opensmtpd: no AUTH line after TLS" '^< 250[ -]AUTH'
}

# What `smtpdx check` has to say of each row (ci/lib/servers-preflight).
preflight_opensmtpd() {
    local mechanism secret=$SMTPDX_PASSWORD
    row 'OpenSMTPD, no STARTTLS' SMTPDX_OPENSMTPD_NO_STARTTLS_PORT starttls 1 not_usable tls.starttls_missing starttls
    row 'OpenSMTPD, nobody welcome' SMTPDX_OPENSMTPD_REJECTING_PORT starttls 1 not_usable server.access_denied greeting
    row 'OpenSMTPD, too busy' SMTPDX_OPENSMTPD_BUSY_PORT starttls 5 unknown server.busy greeting
    if [ "${SMTPDX_OPENSMTPD_TLS:-no}" = no ]; then
        row 'OpenSMTPD, ends the handshake' SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 1 not_usable tls.handshake_failed tls
        return
    fi
    row 'OpenSMTPD, smtps' SMTPDX_OPENSMTPD_SMTPS_PORT implicit 0 usable - auth
    for mechanism in PLAIN LOGIN; do
        row "OpenSMTPD, $mechanism" SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 0 usable - auth --mechanism $mechanism
    done
    row 'OpenSMTPD, a recipient' SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 0 usable - rcpt --until rcpt --to "$user"
    row 'OpenSMTPD, a message' SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 0 usable - body --send --to someone@example.org
    row 'OpenSMTPD, expired' SMTPDX_OPENSMTPD_EXPIRED_PORT starttls 1 not_usable tls.certificate_expired tls
    row 'OpenSMTPD, wrong name' SMTPDX_OPENSMTPD_WRONG_NAME_PORT starttls 1 not_usable tls.hostname_mismatch tls
    row 'OpenSMTPD, untrusted' SMTPDX_OPENSMTPD_UNTRUSTED_PORT starttls 1 not_usable tls.untrusted_issuer tls
    row 'OpenSMTPD, self-signed' SMTPDX_OPENSMTPD_SELF_SIGNED_PORT starttls 1 not_usable tls.self_signed tls
    row 'OpenSMTPD, client certificate' SMTPDX_OPENSMTPD_CLIENT_CERT_PORT starttls 1 not_usable tls.client_certificate_required tls
    row 'OpenSMTPD, no AUTH' SMTPDX_OPENSMTPD_NO_AUTH_PORT starttls 5 unknown auth.not_offered auth
    row 'OpenSMTPD, another mechanism' SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 1 not_usable auth.mechanism_unsupported auth --mechanism CRAM-MD5
    row "OpenSMTPD, another's sender address" SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 1 not_usable send.sender_not_permitted mail \
        --until rcpt --from "other@$host" --to "$user"
    row 'OpenSMTPD, nobody of that name' SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 1 not_usable send.recipient_unknown rcpt \
        --until rcpt --to "nobody@$host"
    row 'OpenSMTPD, greylisting' SMTPDX_OPENSMTPD_GREYLISTING_PORT starttls 5 unknown send.greylisted rcpt --until rcpt --to "$user"
    SMTPDX_PASSWORD=wrong-Password-1
    row 'OpenSMTPD, wrong password' SMTPDX_OPENSMTPD_SUBMISSION_PORT starttls 1 not_usable auth.credentials_rejected auth
    SMTPDX_PASSWORD=$secret
}
