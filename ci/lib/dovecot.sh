# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Dovecot's submission service for ci/servers: one small instance of our own per row of the table,
# each with its own base folder. What it accepts goes on to our Postfix, which discards it. One of them keeps
# mailboxes as well, filled over LMTP and read over IMAP. Sourced;
# uses $work, $host, $user, $password, $domain.

# name        certificate  ssl       listeners                  mechanisms
dovecot_table() {
    if dovecot_keeps_mail; then dovecot_rows; else dovecot_rows | sed -E 's/,(imaps?|lmtp)//g'; fi
}
dovecot_keeps_mail() { [ -x /usr/lib/dovecot/imap-login ] && [ -x /usr/lib/dovecot/lmtp ]; }
dovecot_rows() {
    cat <<'END'
submission    valid        required  submission,submissions,imap,imaps,lmtp  plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer
expired       expired      required  submission                 plain login
wrong-name    wrong-name   required  submission,imaps           plain login
clear-auth    valid        no        submission                 plain login
END
}

dovecot_obstacle() {
    local version
    version=$(dovecot --version 2>/dev/null | cut -d ' ' -f 1)
    if [ "$(id -u)" -ne 0 ]; then
        echo "Dovecot's master needs root here, because the passwords are not for everybody"
    elif [ -z "$version" ]; then
        echo "the package dovecot-core is not installed"
    elif [ ! -x /usr/lib/dovecot/submission-login ]; then
        echo "the package dovecot-submissiond is not installed"
    elif [[ $version != 2.3.* ]]; then
        echo "the configuration here is for Dovecot 2.3, this is $version"
    fi
}

# OAuth2 without a token service: Dovecot checks the signature of a JWT by itself.
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

dovecot_token() { # SECONDS-FROM-NOW: a token for $user that ends then
    local now head body
    now=$(date +%s)
    head=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
    body=$(printf '{"iss":"https://issuer.%s","sub":"%s","email":"%s","aud":"smtpdx","scope":"mail","iat":%d,"exp":%d}' \
        "$domain" "$user" "$user" "$((now - 3600))" "$((now + $1))" | base64url)
    printf '%s.%s.%s' "$head" "$body" "$(printf '%s.%s' "$head" "$body" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(cat "$work/dovecot/jwt.hex")" -binary | base64url)"
}

dovecot_keys() {
    mkdir -p "$work/dovecot/keys/default/HS256"
    openssl rand -hex 32 >"$work/dovecot/jwt.hex"
    perl -ne 'chomp; print pack "H*", $_' "$work/dovecot/jwt.hex" | openssl base64 -A \
        >"$work/dovecot/keys/default/HS256/default"
    chmod -R go+rX "$work/dovecot/keys"
    cat >"$work/dovecot/oauth2.conf" <<END
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$work/dovecot/keys/
issuers = https://issuer.$domain
username_attribute = email
username_format = %u
tls_ca_cert_file = $work/certificates/ca.pem
END
    printf '%s:{PLAIN}%s\n' "$user" "$password" >"$work/dovecot/users"
    chgrp dovecot "$work/dovecot/users" && chmod 640 "$work/dovecot/users"
}

dovecot_listener() { # LISTENER NAME LIST: the port when it is in the list, else off
    local port=dovecot-$2
    case $1 in submissions) port+=-smtps ;; imap* | lmtp) port+=-$1 ;; esac
    case ",$3," in
    *,"$1",*)
        printf '    inet_listener %s {\n      address = %s\n      port = %s\n' \
            "$1" "127.0.0.1$([ "$ipv6" = yes ] && echo ', ::1')" "$(port_of "$port")"
        [[ $1 = *s ]] && printf '      ssl = yes\n'
        printf '    }\n'
        ;;
    *) printf '    inet_listener %s {\n      port = 0\n    }\n' "$1" ;;
    esac
}

dovecot_conf() { # NAME CERTIFICATE SSL LISTENERS MECHANISMS
    local dir=$work/dovecot/$1
    cat <<END
base_dir = $dir/run
state_dir = $dir/state
log_path = $dir/log
protocols = submission$(case $4 in *imap*) echo ' imap lmtp' ;; esac)
hostname = $host
auth_mechanisms = $5
auth_failure_delay = 0
disable_plaintext_auth = $([ "$3" = no ] && echo no || echo yes)
ssl = $3
ssl_cert = <$work/certificates/$2.pem
ssl_key = <$work/certificates/$2.key
mail_location = maildir:$dir/mail
submission_relay_host = 127.0.0.1
submission_relay_port = $(port_of postfix-relay)
submission_relay_trusted = no
submission_max_mail_size = 1M
passdb {
  driver = passwd-file
  args = $work/dovecot/users
}
$(case $5 in *oauthbearer*) printf 'passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = %s\n}\n' "$work/dovecot/oauth2.conf" ;; esac)
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$dir/mail
}
service anvil {
  client_limit = 400
  unix_listener anvil-auth-penalty { # else each refused login makes the next one wait longer
    mode = 0
  }
}
service submission-login {
$(dovecot_listener submission "$1" "$4")
$(dovecot_listener submissions "$1" "$4")
}
END
    case $4 in *imap*) dovecot_mailboxes "$1" "$4" ;; esac
}

dovecot_mailboxes() { # NAME LISTENERS: user+FOLDER@host is delivered into that folder
    cat <<END
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
lda_mailbox_autocreate = yes
namespace inbox {
  inbox = yes
  mailbox Junk {
    special_use = \\Junk
    auto = create
  }
}
service imap-login {
$(dovecot_listener imap "$1" "$2")
$(dovecot_listener imaps "$1" "$2")
}
service lmtp {
$(dovecot_listener lmtp "$1" "$2")
}
END
}

dovecot_start() {
    local name certificate ssl listeners mechanisms dir
    mkdir -p "$work/dovecot" && dovecot_keys || return 1
    while read -r name certificate ssl listeners mechanisms; do
        dir=$work/dovecot/$name
        mkdir -p "$dir/run" "$dir/state" "$dir/mail" && chown nobody:nogroup "$dir/mail" || return 1
        dovecot_conf "$name" "$certificate" "$ssl" "$listeners" "$mechanisms" >"$dir/dovecot.conf"
        doveconf -c "$dir/dovecot.conf" >/dev/null 2>"$dir/check.log" || return 1
        dovecot -F -c "$dir/dovecot.conf" </dev/null >>"$dir/check.log" 2>&1 &
        echo $! >"$work/pids/dovecot-$name"
    done < <(dovecot_table)
}
