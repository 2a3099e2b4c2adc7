# Writes the octets of FILE as the C array NAME with its length, for the header HEADER that declares both.
file(READ ${FILE} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" octets "${octets}")
file(WRITE ${OUT}
"/* Generated from ${TITLE} at build time. */
#include \"${HEADER}\"

const unsigned char ${NAME}[] = {
${octets}0};
const size_t ${NAME}_count = sizeof ${NAME} - 1;
")
