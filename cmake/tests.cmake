# dstack_p2p_unit_test(FILE): a cmocka program from one file that lies beside the module it tests. It sees
# the library's internals and the test support.
function(dstack_p2p_unit_test source)
  get_filename_component(name ${source} NAME_WE)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE dstack_p2p_internal PkgConfig::CMOCKA ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()
