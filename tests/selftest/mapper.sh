# SPDX-License-Identifier: Apache-2.0
# A mapper of somebody's, good and bad: ci/selftest, part mapper.
case $1 in
word) printf '\n  auth.credentials_rejected  \n' ;;
mapped) echo THEIRS ;;
json) echo '{"cause": "THEIRS", "sure": "likely"}' ;;
question) # what it was asked, key by key
    [ "$(cat)" = '{"stage":"auth","reply":"535 5.7.8 no"}' ] && echo THEIRS ;;
all) # with everything that may stand beside the reply
    [ "$(cat)" = '{"stage":"auth","reply":"535 5.7.8 no","claims":{"aud":"x","exp":12,"roles":["A","B"]},"now":13,"offered_clear":["STARTTLS"],"offered_tls":["SIZE","AUTH PLAIN"],"certificate_names":["a.test"],"inside_tls":true}' ] && echo THEIRS ;;
unmapped) echo NOBODY_KNOWS ;;
nothing) cat >/dev/null ;;
number) echo '{"cause": 7}' ;;
flood) yes | head -c 10000000 ;;
hang) sleep 98765 ;;
status) echo THEIRS; exit 3 ;;
killed) kill -9 $$ ;;
lines) # one process for all; $2: a file that counts its starts
    echo started >>"$2"
    while read -r question; do
        case $question in
        *rate*) echo '{"cause": "LATER", "retry": "later"}' ;;
        *) echo THEIRS ;;
        esac
    done ;;
once) read -r _ && echo THEIRS ;;
twice) while read -r _; do printf 'THEIRS\nTHEIRS\n'; done ;;
mute) cat >/dev/null ;;
long) while read -r _; do yes no | head -c 100000 | tr '\n' ' '; done ;;
environment) env | grep -q SMTPDX_SELFTEST_SECRET || echo THEIRS ;;
esac
