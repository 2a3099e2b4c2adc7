# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A certificate authority for one run of ci/servers, made with the openssl program so that none of
# our own code vouches for itself. Sourced.
#
#   certificates_make FOLDER HOST   ca.pem, and LEAF.pem (chain) with LEAF.key for each leaf below:
#     valid       HOST, localhost, 127.0.0.1, ::1
#     expired     the same names, ended in 2021
#     wrong-name  another host of the same domain
#     untrusted   the right names from an authority nobody trusts
#     self-signed the right names, signed by itself

certificates_config() { # FOLDER
    cat <<END
[ca]
default_ca = test
[test]
dir = $1
database = $1/index.txt
new_certs_dir = $1
serial = $1/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = unset
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END
}

certificates_key() { # FILE
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

certificates_authority() { # FOLDER NAME
    certificates_key "$1/$2.key" &&
        openssl req -x509 -new -config "$1/openssl.cnf" -extensions authority -days 30 \
            -key "$1/$2.key" -subj "/CN=smtpdx test $2" -out "$1/$2.pem"
}

certificates_leaf() { # FOLDER LEAF AUTHORITY NAMES START END
    certificates_key "$1/$2.key" &&
        openssl req -new -config "$1/openssl.cnf" -key "$1/$2.key" -subj "/CN=smtpdx test $2" \
            -addext "subjectAltName=$4" -out "$1/$2.csr" &&
        openssl ca -batch -notext -config "$1/openssl.cnf" -keyfile "$1/$3.key" -cert "$1/$3.pem" \
            -startdate "$5" -enddate "$6" -in "$1/$2.csr" -out "$1/$2.pem" 2>"$1/openssl.err"
}

certificates_make() { # FOLDER HOST
    local dir=$1 names="DNS:$2,DNS:localhost,IP:127.0.0.1,IP:::1" from until
    from=$(date -u -d '-1 day' +%y%m%d%H%M%SZ)
    until=$(date -u -d '+29 days' +%y%m%d%H%M%SZ)
    mkdir -p "$dir" && : >"$dir/index.txt" && echo 1000 >"$dir/serial" || return 1
    certificates_config "$dir" >"$dir/openssl.cnf" &&
        certificates_authority "$dir" ca &&
        certificates_authority "$dir" stranger &&
        certificates_leaf "$dir" valid ca "$names" "$from" "$until" &&
        certificates_leaf "$dir" expired ca "$names" 200101000000Z 210101000000Z &&
        certificates_leaf "$dir" wrong-name ca "DNS:other.${2#*.}" "$from" "$until" &&
        certificates_leaf "$dir" untrusted stranger "$names" "$from" "$until" &&
        certificates_key "$dir/self-signed.key" &&
        openssl req -x509 -new -config "$dir/openssl.cnf" -days 29 -key "$dir/self-signed.key" \
            -subj "/CN=smtpdx test self-signed" -addext "subjectAltName=$names" \
            -out "$dir/self-signed.pem"
}
