# Warnings, sanitizers and the two functions every folder uses.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(tl-expected CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
include(GoogleTest)

add_library(sigil_warnings INTERFACE)
target_compile_options(sigil_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast>)
# g++ 12 reports a restrict overlap inside libstdc++ on "text" + std::string at -O2; it is a known false positive.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sigil_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()

# Sanitizers sit on a target, not in CMAKE_CXX_FLAGS, so that the static shim can stay without them.
set(SIGIL_SANITIZE "" CACHE STRING "sanitizers for everything but the static shim")
add_library(sigil_checked INTERFACE)
if(SIGIL_SANITIZE)
  target_compile_options(sigil_checked INTERFACE -fsanitize=${SIGIL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(sigil_checked INTERFACE -fsanitize=${SIGIL_SANITIZE})
endif()

# sigil_library(NAME SOURCES a.cc b.cc LINKS targets...): one library of ours.
function(sigil_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC sigil_checked Threads::Threads tl::expected nlohmann_json::nlohmann_json
    ${arg_LINKS} PRIVATE sigil_warnings)
endfunction()

# sigil_test(NAME SOURCES a_test.cc LINKS targets...): one test program, its tests found when ctest runs.
function(sigil_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} GTest::gtest_main GTest::gmock sigil_checked sigil_warnings)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 120
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
