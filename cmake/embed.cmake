# Writes a C table of every YAML file in DIR: name, octets, length.
file(GLOB files ${DIR}/*.yaml)
list(SORT files)
set(arrays "")
set(rows "")
set(n 0)
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" octets "${octets}")
  string(APPEND arrays "static const unsigned char file_${n}[] = {\n${octets}0};\n")
  string(APPEND rows "    {\"${name}\", (const char *)file_${n}, sizeof file_${n} - 1},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT}
"/* Generated from providers/ at build time. */
#include \"provider/embedded.h\"

${arrays}
const struct provider_embedded provider_embedded[] = {
${rows}    {0, 0, 0},
};
const size_t provider_embedded_count = ${n};
")
