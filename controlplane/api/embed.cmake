# Writes OUTPUT, a .cc file that holds the text of INPUT. Run at build time: cmake -DINPUT= -DOUTPUT= -P embed.cmake
file(READ "${INPUT}" content)
set(head "// Made by embed.cmake.\n#include \"controlplane/api/openapi.h\"\n\nnamespace sigil::api {\n\n")
set(tail "\n\n}  // namespace sigil::api\n")
file(WRITE "${OUTPUT}"
  "${head}std::string_view openapi_source() {\n  return R\"openapi(${content})openapi\";\n}${tail}")
