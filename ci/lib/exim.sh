# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Exim for ci/servers: one daemon in a jail (ci/lib/unpacked.sh), a port for each row of the table; the configuration
# asks by port what the row says. Every message is accepted and discarded. Written for 4.96 and later. Sourced; uses
# $work, $host, $user, $password.

exim_package=exim4-daemon-light
exim_program=usr/sbin/exim4

# name            settings, as exim_conf reads them (certificate is valid where it is not named)
exim_table() {
    cat <<'END'
submission        starttls=* auth=tls login=required own_sender=yes
smtps             wrapped=yes auth=tls login=required own_sender=yes
optional-login    starttls=* auth=tls
cram-only         starttls=* auth=tls plain=no
expired           starttls=* auth=tls certificate=expired
wrong-name        starttls=* auth=tls certificate=wrong-name
untrusted         starttls=* auth=tls certificate=untrusted
self-signed       starttls=* auth=tls certificate=self-signed
no-certificate    starttls=* auth=tls certificate=nowhere
client-cert       starttls=* auth=tls client=*
tls11             starttls=* auth=tls ciphers="LEGACY:-VERS-ALL:+VERS-TLS1.1"
no-auth           starttls=* auth=no
clear-auth        auth=always
no-starttls       auth=no
auth-down         starttls=* auth=tls users=nowhere
small             starttls=* auth=tls size=200
rejecting         rejecting=yes
busy              busy=yes
greylisting       starttls=* auth=tls greylist=yes
END
}

exim_obstacle() { unpacked_obstacle "$exim_package" "$exim_program"; }

exim_ports() { # PATTERN: ports of the rows that match it, with ':' between
    local name settings list=
    while read -r name settings; do
        # shellcheck disable=SC2254
        case $settings in $1) list+=${list:+:}$(port_of "exim-$name") ;; esac
    done < <(exim_table)
    echo "$list"
}

exim_rows() {
    local name settings
    while read -r name settings; do
        echo "$(port_of "exim-$name"): $settings"
    done < <(exim_table)
}

exim_main_conf() { # JAIL
    cat <<END
ROW = \${lookup{\$received_port}lsearch{$1/etc/rows}}
USERS = $1/etc/\${extract{users}{ROW}{\$value}{users}}
CERTIFICATE = $1/etc/certificates/\${extract{certificate}{ROW}{\$value}{valid}}
keep_environment =
primary_hostname = $host
smtp_banner = $host ESMTP Exim \$version_number
spool_directory = $1/spool
log_file_path = $1/log/%slog
pid_file_path = $1/spool/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = $(exim_ports '*')
tls_on_connect_ports = $(exim_ports '*wrapped=yes*')
tls_certificate = CERTIFICATE.pem
tls_privatekey = CERTIFICATE.key
tls_verify_certificates = $1/etc/certificates/ca.pem
tls_verify_hosts = \${extract{client}{ROW}}
tls_require_ciphers = \${extract{ciphers}{ROW}{\$value}{NORMAL}}
tls_advertise_hosts = \${extract{starttls}{ROW}}
auth_advertise_hosts = \${if or {{eq{\${extract{auth}{ROW}}}{always}} {and {{eq{\${extract{auth}{ROW}}}{tls}} {!eq{\$tls_in_cipher}{}}}}}{*}}
domainlist local_domains = $host
message_size_limit = \${extract{size}{ROW}{\$value}{1M}}
recipients_max = 20
recipients_max_reject
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
queue_only
acl_smtp_connect = connect
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
END
}

# The refusals are Exim's own words wherever no message is given, else those of the configuration it ships with.
exim_acl_conf() {
    cat <<'END'
begin acl
connect:
  deny condition = ${extract{rejecting}{ROW}{yes}{no}}
  defer condition = ${extract{busy}{ROW}{yes}{no}}
  accept
mail:
  deny condition = ${if eq{${extract{login}{ROW}}}{required}}
       !authenticated = *
       message = authentication required
  deny condition = ${extract{own_sender}{ROW}{yes}{no}}
       condition = ${if !eqi{$sender_address}{$authenticated_id}}
  accept
rcpt:
  defer condition = ${extract{greylist}{ROW}{yes}{no}}
        message = greylisted, please try again in five minutes
  deny !authenticated = *
       !domains = +local_domains
       message = relay not permitted
  require verify = recipient
  accept
data:
  deny condition = ${if > {$max_received_linelength}{998}}
       message = maximum allowed line length is 998 octets, got $max_received_linelength
  deny !verify = header_syntax
       message = header syntax
  discard
END
}

# The routers only verify: nothing is ever delivered.
exim_rest_conf() {
    cat <<'END'
begin routers
local:
  driver = accept
  domains = +local_domains
  local_parts = tester : postmaster
  verify_only
nobody:
  driver = redirect
  domains = +local_domains
  allow_fail
  data = :fail: Unknown user
remote:
  driver = accept
  domains = ! +local_domains : ! *.invalid
  verify_only
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = $auth2
  server_condition = ${lookup{$auth2}lsearch{USERS}{${if eq{$value}{$auth3}}}{no}}
  server_advertise_condition = ${extract{plain}{ROW}{$value}{yes}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_set_id = $auth1
  server_condition = ${lookup{$auth1}lsearch{USERS}{${if eq{$value}{$auth2}}}{no}}
  server_advertise_condition = ${extract{plain}{ROW}{$value}{yes}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_set_id = $auth1
  server_secret = ${lookup{$auth1}lsearch{USERS}{$value}fail}
END
}

exim_start() {
    local jail=$work/exim
    jail_make "$jail" "$exim_package" "$exim_program" Debian-exim || return 1
    mkdir "$jail/spool" "$jail/log" && chown "$jail_user" "$jail/spool" "$jail/log" "$jail"/etc/certificates/*.key
    exim_rows >"$jail/etc/rows"
    (umask 077 && printf '%s: %s\n' "$user" "$password" >"$jail/etc/users") && chown "$jail_user" "$jail/etc/users"
    { exim_main_conf "$jail"; exim_acl_conf; exim_rest_conf; } >"$jail/etc/exim.conf"
    : >"$jail/log/mainlog" && chown "$jail_user" "$jail/log/mainlog" || return 1
    chroot "$jail" "/$exim_program" -C "$jail/etc/exim.conf" -bV >"$jail/check.log" 2>&1 || return 1
    jail_start exim "$jail" "/$exim_program" -C "$jail/etc/exim.conf" -bdf
}

# Does each row do what it says? Asked with curl (ci/lib/servers-check.sh).
check_exim() {
    local mechanism
    for mechanism in PLAIN LOGIN CRAM-MD5; do
        wants "exim: STARTTLS, $mechanism" 0 '^< 235 ' smtp exim-submission $mechanism "$password" --ssl-reqd
    done
    wants "exim: wrong password" 67 '^< 535 Incorrect authentication data' smtp exim-submission PLAIN wrong-password --ssl-reqd
    wants "exim: implicit TLS" 0 '^< 235 ' smtps exim-smtps PLAIN "$password"
    wants "exim: no AUTH before TLS" 0 '^< 250' smtp exim-submission none ''
    never "exim: no AUTH line in clear" '^< 250[ -]AUTH'
    wants "exim: CRAM-MD5 only" 0 '^< 250[ -]AUTH CRAM-MD5' smtp exim-cram-only CRAM-MD5 "$password" --ssl-reqd
    wants "exim: expired certificate" 60 'expired' smtp exim-expired PLAIN "$password" --ssl-reqd
    wants "exim: wrong name" 60 'subjectAltName|host name' smtp exim-wrong-name PLAIN "$password" --ssl-reqd
    wants "exim: untrusted authority" 60 'unable to get local issuer' smtp exim-untrusted PLAIN "$password" --ssl-reqd
    wants "exim: self-signed" 60 'self.signed' smtp exim-self-signed PLAIN "$password" --ssl-reqd
    wants "exim: no certificate" 64 '^< 454 TLS currently unavailable' smtp exim-no-certificate PLAIN "$password" --ssl-reqd
    wants "exim: client certificate wanted" '55|56' 'certificate required|certificate_required|alert' \
        smtp exim-client-cert PLAIN "$password" --ssl-reqd
    wants "exim: TLS 1.1 refused by a modern client" 35 'alert|protocol' smtp exim-tls11 PLAIN "$password" --ssl-reqd --tlsv1.2
    wants "exim: no AUTH at all" 0 '^< 250' smtp exim-no-auth none '' --ssl-reqd
    never "exim: no AUTH line" '^< 250[ -]AUTH'
    wants "exim: AUTH in clear is offered" 0 '^< 235 ' smtp exim-clear-auth PLAIN "$password"
    never "exim: AUTH in clear has no STARTTLS" '^< 250[ -]STARTTLS'
    wants "exim: no STARTTLS" 64 '^< 250' smtp exim-no-starttls PLAIN "$password" --ssl-reqd
    wants "exim: password backend down" 67 '^< 435 Unable to authenticate' smtp exim-auth-down PLAIN "$password" --ssl-reqd
    wants "exim: rejecting greeting" 8 '^< 550' smtp exim-rejecting none ''
    wants "exim: size limit" 0 '^< 250[ -]SIZE 200' smtp exim-small PLAIN "$password" --ssl-reqd
    wants "exim: temporary greeting" 8 '^< 451' smtp exim-busy none ''
    wants "exim: greylisting" 0 '^< 235 ' smtp exim-greylisting PLAIN "$password" --ssl-reqd
}

# What `smtpdx check` has to say of each row (ci/lib/servers-preflight).
preflight_exim() {
    local mechanism secret=$SMTPDX_PASSWORD
    row 'Exim, smtps' SMTPDX_EXIM_SMTPS_PORT implicit 0 usable - auth
    for mechanism in PLAIN LOGIN CRAM-MD5; do
        row "Exim, $mechanism" SMTPDX_EXIM_SUBMISSION_PORT starttls 0 usable - auth --mechanism $mechanism
    done
    row 'Exim, a recipient' SMTPDX_EXIM_SUBMISSION_PORT starttls 0 usable - rcpt --until rcpt --to "$user"
    row 'Exim, a message' SMTPDX_EXIM_SUBMISSION_PORT starttls 0 usable - body --send --to someone@example.org
    row 'Exim, expired' SMTPDX_EXIM_EXPIRED_PORT starttls 1 not_usable tls.certificate_expired tls
    row 'Exim, wrong name' SMTPDX_EXIM_WRONG_NAME_PORT starttls 1 not_usable tls.hostname_mismatch tls
    row 'Exim, untrusted' SMTPDX_EXIM_UNTRUSTED_PORT starttls 1 not_usable tls.untrusted_issuer tls
    row 'Exim, self-signed' SMTPDX_EXIM_SELF_SIGNED_PORT starttls 1 not_usable tls.self_signed tls
    row 'Exim, no certificate' SMTPDX_EXIM_NO_CERTIFICATE_PORT starttls 5 unknown tls.starttls_refused starttls
    row 'Exim, client certificate' SMTPDX_EXIM_CLIENT_CERT_PORT starttls 1 not_usable tls.client_certificate_required tls
    row 'Exim, old TLS' SMTPDX_EXIM_TLS11_PORT starttls 1 not_usable tls.protocol_version tls
    row 'Exim, no AUTH' SMTPDX_EXIM_NO_AUTH_PORT starttls 5 unknown auth.not_offered auth
    row 'Exim, AUTH in clear only' SMTPDX_EXIM_CLEAR_AUTH_PORT starttls 1 not_usable tls.starttls_missing starttls
    row 'Exim, no STARTTLS' SMTPDX_EXIM_NO_STARTTLS_PORT starttls 1 not_usable tls.starttls_missing starttls
    row 'Exim, another mechanism' SMTPDX_EXIM_CRAM_ONLY_PORT starttls 1 not_usable auth.mechanism_unsupported auth --mechanism PLAIN
    row 'Exim, its passwords cannot be read' SMTPDX_EXIM_AUTH_DOWN_PORT starttls 5 unknown auth.temporary_failure auth
    row 'Exim, nobody welcome' SMTPDX_EXIM_REJECTING_PORT starttls 1 not_usable server.access_denied greeting
    row 'Exim, not now' SMTPDX_EXIM_BUSY_PORT starttls 5 unknown server.unavailable greeting
    row 'Exim, greylisting' SMTPDX_EXIM_GREYLISTING_PORT starttls 5 unknown send.greylisted rcpt --until rcpt --to "$user"
    row 'Exim, a message too large' SMTPDX_EXIM_SMALL_PORT starttls 1 not_usable send.message_too_large mail --send --to "$user"
    row "Exim, another's sender address" SMTPDX_EXIM_SUBMISSION_PORT starttls 1 not_usable send.policy_rejected mail \
        --until rcpt --from "other@$host" --to "$user"
    row 'Exim, nobody of that name' SMTPDX_EXIM_SUBMISSION_PORT starttls 1 not_usable send.recipient_unknown rcpt \
        --until rcpt --to "nobody@$host"
    row 'Exim, no such domain' SMTPDX_EXIM_SUBMISSION_PORT starttls 1 not_usable send.recipient_domain_invalid rcpt \
        --until rcpt --to someone@nowhere.invalid
    SMTPDX_PASSWORD=wrong-Password-1
    row 'Exim, wrong password' SMTPDX_EXIM_SUBMISSION_PORT starttls 1 not_usable auth.credentials_rejected auth
    SMTPDX_PASSWORD=$secret
}
