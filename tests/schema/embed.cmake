# SPDX-License-Identifier: GPL-2.0-or-later
# A file as a list of bytes for C, with a zero at its end. Usage: cmake -DIN=FILE -DOUT=FILE -P embed.cmake
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "${bytes}0\n")
