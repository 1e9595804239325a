# What unit tests share: short checks and the vectors.
add_library(dstack_p2p_unit STATIC ${PROJECT_SOURCE_DIR}/tests/said.c ${PROJECT_SOURCE_DIR}/tests/unit.c)
target_link_libraries(dstack_p2p_unit PUBLIC dstack_p2p_internal PkgConfig::CMOCKA)
target_include_directories(dstack_p2p_unit PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_compile_definitions(dstack_p2p_unit PUBLIC TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

# What would be read of the caller's environment, and what has getopt(3) stop at the first argument.
set(dstack_p2p_callers
  CHAIN_ID CONNECTION_URL CONTRACT_ADDRESS DSTACK_P2P_APP_IDS DSTACK_P2P_CACHE_FILE DSTACK_P2P_CONFIG DSTACK_P2P_EVIDENCE
  DSTACK_P2P_STATE_DIR DSTACK_SIMULATOR_ENDPOINT KMS_ROOT_ADDRESS POSIXLY_CORRECT PRIVATE_KEY PRIVATE_KEY_FILE RPC_URL)
list(TRANSFORM dstack_p2p_callers APPEND "=unset:")

# dstack_p2p_unit_test(FILE [LIBRARY...]): a cmocka program from one file that lies beside the module it
# tests, named after both: src/eth/rlp_test.c becomes eth_rlp_test. It sees the library's internals.
function(dstack_p2p_unit_test source)
  get_filename_component(path ${source} ABSOLUTE)
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${path})
  string(REGEX REPLACE "^(src|tests)/|[.]c$" "" name ${name})
  string(REPLACE "/" "_" name ${name})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE dstack_p2p_unit ${ARGN})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120 ENVIRONMENT_MODIFICATION "${dstack_p2p_callers}")
  # Those in src/ need the library and loopback, and nothing else: a package build runs them.
  if(path MATCHES "^${PROJECT_SOURCE_DIR}/src/")
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
endfunction()
