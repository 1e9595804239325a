# Header, libraries, pkg-config file and CMake package, man pages; DESTDIR and CMAKE_INSTALL_PREFIX as usual.
include(CMakePackageConfigHelpers)

install(FILES ${PROJECT_SOURCE_DIR}/include/dstack_p2p.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS dstack_p2p dstack_p2p_static EXPORT dstack-p2p-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

# Relative to where the file lies, so that the tree can be moved. A system's own does not move, and pkg-config leaves out
# the system's folders only if they are spelled plainly.
if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
  set(pc_prefix /usr)
else()
  file(RELATIVE_PATH pc_prefix /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
  string(PREPEND pc_prefix "\${pcfiledir}/")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/dstack-p2p.pc.in ${CMAKE_CURRENT_BINARY_DIR}/dstack-p2p.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/dstack-p2p.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dstack-p2p)
install(EXPORT dstack-p2p-targets NAMESPACE dstack-p2p:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/dstack-p2p-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/dstack-p2p-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/dstack-p2p-config-version.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/dstack-p2p-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/dstack-p2p-config-version.cmake DESTINATION ${package_dir})

if(DSTACK_P2P_BUILD_PROGRAMS)
  file(GLOB man_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.1)
  install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${PROJECT_SOURCE_DIR}/completions/dstack-p2p.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME dstack-p2p)
  install(FILES ${PROJECT_SOURCE_DIR}/completions/_dstack-p2p
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
