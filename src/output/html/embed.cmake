# SPDX-License-Identifier: GPL-2.0-or-later
# Joins the parts of the page, and writes them as lists of bytes for C. The page's policy has the hashes
# of its own script and style: a browser runs nothing else, whatever a name in a record may contain.
# Usage: cmake -DOUT=DIR -P embed.cmake

set(SCRIPTS data.js verdict.js timeline.js flame.js callsites.js tables.js page.js)
set(HERE ${CMAKE_CURRENT_LIST_DIR})

# Converts a string of hexadecimal digits to base64.
function(base64 hex out)
  set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(LENGTH ${hex} length)
  set(text "")
  foreach(at RANGE 0 ${length} 6)
    string(SUBSTRING "${hex}000000" ${at} 6 digits)
    foreach(shift 18 12 6 0)
      math(EXPR index "(0x${digits} >> ${shift}) & 63")
      string(SUBSTRING ${alphabet} ${index} 1 letter)
      string(APPEND text ${letter})
    endforeach()
  endforeach()
  # 32 bytes become 43 letters and one character of padding.
  string(SUBSTRING ${text} 0 43 text)
  set(${out} "${text}=" PARENT_SCOPE)
endfunction()

function(sha256 text out)
  string(SHA256 hex "${text}")
  base64(${hex} encoded)
  set(${out} ${encoded} PARENT_SCOPE)
endfunction()

function(write_bytes in out)
  file(READ ${in} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(WRITE ${out} "${bytes}0\n")
endfunction()

file(READ ${HERE}/palette.css palette)
file(READ ${HERE}/page.css style)
string(PREPEND style "${palette}")
set(script "\"use strict\";\n")
foreach(part IN LISTS SCRIPTS)
  file(READ ${HERE}/${part} text)
  string(APPEND script "${text}")
endforeach()
sha256("${style}" style_hash)
sha256("${script}" script_hash)

file(READ ${HERE}/page.html page)
foreach(mark style_hash script_hash style script)
  string(REPLACE "{{${mark}}}" "${${mark}}" page "${page}")
endforeach()
file(WRITE ${OUT}/page.html "${page}")
write_bytes(${OUT}/page.html ${OUT}/page.html.h)
write_bytes(${HERE}/palette.css ${OUT}/palette.css.h)
