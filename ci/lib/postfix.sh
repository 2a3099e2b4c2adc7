# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One Postfix of our own for ci/servers: configuration, queue and data in a temporary folder, one
# master with a listener for each row of the table below. Nothing leaves the machine: there is no
# SMTP client service in master.cf, and every transport is discard, but that of the listener mailbox, which is LMTP to our Dovecot. Sourced; uses $work (the folder),
# $host, $user, $password, $domain.

postfix_master=/usr/lib/postfix/sbin/master

# name            certificate  smtpd settings that differ from main.cf (KEY=VALUE, ';' between)
postfix_table() {
    cat <<'END'
submission        valid        smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes
smtps             valid        smtpd_tls_wrappermode=yes;smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes
optional-tls      valid        smtpd_tls_security_level=may;smtpd_sasl_auth_enable=yes
cram-only         valid        smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes;smtpd_sasl_path=smtpd-cram
expired           expired      smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes
wrong-name        wrong-name   smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes
untrusted         untrusted    smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes
self-signed       self-signed  smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes
client-cert       valid        smtpd_tls_security_level=encrypt;smtpd_tls_req_ccert=yes;smtpd_sasl_auth_enable=yes
no-auth           valid        smtpd_tls_security_level=may
clear-auth        valid        smtpd_tls_security_level=none;smtpd_tls_auth_only=no;smtpd_sasl_auth_enable=yes
no-starttls       valid        smtpd_tls_security_level=none
tls11             valid        smtpd_tls_security_level=encrypt;smtpd_tls_mandatory_protocols=TLSv1.1;smtpd_tls_protocols=TLSv1.1;smtpd_tls_mandatory_ciphers=medium;tls_medium_cipherlist=ALL:@SECLEVEL=0;smtpd_sasl_auth_enable=yes
rejecting         valid        smtpd_tls_security_level=may;smtpd_delay_reject=no;smtpd_client_restrictions=reject
mailbox           valid        smtpd_tls_security_level=encrypt;smtpd_sasl_auth_enable=yes;recipient_delimiter=+;content_filter=lmtp:inet:127.0.0.1:@lmtp@
relay             valid        smtpd_tls_security_level=none;smtpd_relay_restrictions=permit_mynetworks,reject;smtpd_sender_restrictions=
END
}

# Why it cannot be started here; nothing when it can.
postfix_obstacle() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "Postfix's master needs root"
    elif [ ! -x "$postfix_master" ] || ! have postconf; then
        echo "the package postfix is not installed"
    elif ! have saslpasswd2; then
        echo "the package sasl2-bin is not installed"
    elif ! id postfix >/dev/null 2>&1; then
        echo "there is no user postfix"
    fi
}

postfix_main_cf() {
    cat <<END
compatibility_level = 3.6
queue_directory = $work/postfix/queue
data_directory = $work/postfix/data
maillog_file = $work/postfix/log
maillog_file_prefixes = $work
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C
multi_instance_enable = no
myhostname = $host
mydomain = $domain
myorigin = $host
mydestination = $host, localhost
mynetworks = 127.0.0.1/32, [::1]/128
inet_protocols = all
inet_interfaces = all
smtpd_banner = \$myhostname ESMTP Postfix
smtpd_peername_lookup = no
disable_dns_lookups = yes
local_transport = discard:
virtual_transport = discard:
relay_transport = discard:
default_transport = discard:
alias_maps =
alias_database =
local_recipient_maps = inline:{ tester=1 postmaster=1 }
notify_classes =
message_size_limit = 1048576
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_login_maps = inline:{ {$user = $user} }
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_auth_rate_limit = 0
smtpd_error_sleep_time = 0
anvil_status_update_time = 600s
default_process_limit = 50
smtpd_tls_auth_only = yes
smtpd_tls_session_cache_database =
smtpd_tls_CAfile = $work/certificates/ca.pem
smtpd_tls_loglevel = 1
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = $work/postfix/conf/sasl
smtpd_sasl_security_options = noanonymous
smtpd_sasl_tls_security_options = noanonymous
END
}

postfix_listener() { # ADDRESS PORT CERTIFICATE SETTINGS
    local setting
    printf '%s:%s inet n - n - - smtpd\n' "$1" "$2"
    printf '  -o smtpd_tls_cert_file=%s -o smtpd_tls_key_file=%s\n' \
        "$work/certificates/$3.pem" "$work/certificates/$3.key"
    while read -r -d ';' setting; do
        [ -n "$setting" ] && printf '  -o { %s }\n' "${setting/=/ = }"
    done <<<"$4;"
}

postfix_master_cf() {
    local name certificate settings port
    cat <<'END'
cleanup   unix      n  -  n  -    0  cleanup
qmgr      unix      n  -  n  300  1  qmgr
tlsmgr    unix      -  -  n  1000? 1 tlsmgr
rewrite   unix      -  -  n  -    -  trivial-rewrite
bounce    unix      -  -  n  -    0  discard
defer     unix      -  -  n  -    0  bounce
trace     unix      -  -  n  -    0  bounce
verify    unix      -  -  n  -    1  verify
proxymap  unix      -  -  n  -    -  proxymap
error     unix      -  -  n  -    -  error
retry     unix      -  -  n  -    -  error
discard   unix      -  -  n  -    -  discard
lmtp      unix      -  -  n  -    -  lmtp
anvil     unix      -  -  n  -    1  anvil
postlog   unix-dgram n -  n  -    1  postlogd
END
    while read -r name certificate settings; do
        port=$(port_of "postfix-$name")
        settings=${settings/@lmtp@/${ports[dovecot-submission-lmtp]:-9}}
        postfix_listener 127.0.0.1 "$port" "$certificate" "$settings"
        [ "$ipv6" = yes ] && postfix_listener '[::1]' "$port" "$certificate" "$settings"
    done < <(postfix_table)
    return 0
}

# The passwords: Cyrus SASL with a database of our own, its configuration where Debian's Postfix looks
# (below its configuration folder, whatever cyrus_sasl_config_path says). SCRAM and CRAM-MD5 need the plain password,
# which is what sasldb keeps.
postfix_sasl() {
    local name mechanisms
    mkdir -p "$work/postfix/conf/sasl"
    for name in smtpd smtpd-cram; do
        mechanisms='PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256'
        [ "$name" = smtpd-cram ] && mechanisms=CRAM-MD5
        cat >"$work/postfix/conf/sasl/$name.conf" <<END
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $work/postfix/conf/sasl/sasldb2
mech_list: $mechanisms
END
    done
    printf '%s' "$password" |
        saslpasswd2 -p -c -f "$work/postfix/conf/sasl/sasldb2" -u "${user#*@}" "${user%@*}" || return 1
    chgrp postfix "$work/postfix/conf/sasl/sasldb2" && chmod 640 "$work/postfix/conf/sasl/sasldb2"
}

postfix_start() {
    local dir=$work/postfix
    mkdir -p "$dir/conf" "$dir/queue" "$dir/data" && chown postfix "$dir/data" || return 1
    postfix_sasl || return 1
    postfix_main_cf >"$dir/conf/main.cf"
    postfix_master_cf >"$dir/conf/master.cf"
    : >"$dir/log"
    postfix -c "$dir/conf" check >"$dir/check.log" 2>&1 || return 1
    MAIL_CONFIG=$dir/conf "$postfix_master" -c "$dir/conf" </dev/null >>"$dir/check.log" 2>&1 &
    echo $! >"$work/pids/postfix"
}
