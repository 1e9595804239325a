# SPDX-License-Identifier: MIT
# Turns the page's files into a C source:   cmake -DFOLDER=... -DOUT=page_files.c -P embed.cmake
# Only CMake is needed for it. The tag changes with the content, so that browsers ask for it again.
set(type.html "text/html; charset=utf-8")
set(type.css "text/css; charset=utf-8")
set(type.js "text/javascript; charset=utf-8")
set(type.svg "image/svg+xml")
set(source "/* Generated from the files in apps/hello_p2p/page/. */\n#include \"page_files.h\"\n\n")
set(rows "")
set(number 0)
foreach(name index.html style.css page.js mesh.js panels.js icon.svg)
  file(READ "${FOLDER}/${name}" hex HEX)
  file(SHA256 "${FOLDER}/${name}" tag)
  string(SUBSTRING "${tag}" 0 16 tag)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "^.*[.]" "type." type "${name}")
  string(REGEX REPLACE "^index.html$" "" path "${name}")
  string(APPEND source "static const unsigned char file${number}[] = {${bytes}};\n")
  string(APPEND rows
    "    {\"/${path}\", \"${${type}}\", \"\\\"${tag}\\\"\", file${number}, sizeof file${number}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND source "\nconst page_file page_files[PAGE_FILES] = {\n${rows}};\n")
file(WRITE "${OUT}" "${source}")
