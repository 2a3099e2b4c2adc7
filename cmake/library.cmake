# The C libraries, and what `cmake --install` puts where:
#   libsmtpdx        the mapper: needs no network and no TLS library
#   libsmtpdx_check  the pre-flight check, on top of it
# Each is an archive and a shared library, with a pkg-config file; find_package(smtpdx) knows both. The archive of the
# check holds only what the mapper's does not; the shared one brings its own copy of the layers below, because
# those of libsmtpdx.so are hidden.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# ---- the mapper
file(GLOB api CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/harness/api/*.c)
add_library(smtpdx_api OBJECT ${api})
target_include_directories(smtpdx_api PRIVATE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/harness)
target_link_libraries(smtpdx_api PRIVATE smtpdx_flags)

set(api_objects $<TARGET_OBJECTS:smtpdx_api>)
foreach(layer IN ITEMS diagnose provider doc wire base)
  list(APPEND api_objects $<TARGET_OBJECTS:smtpdx_${layer}>)
endforeach()
set(api_libs PkgConfig::yaml_0_1 PkgConfig::jansson PkgConfig::libpcre2_8)

add_library(smtpdx_archive STATIC ${api_objects})
set_target_properties(smtpdx_archive PROPERTIES OUTPUT_NAME smtpdx LINKER_LANGUAGE C)

add_library(smtpdx_shared SHARED ${api_objects})
set_target_properties(smtpdx_shared PROPERTIES OUTPUT_NAME smtpdx VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C)
target_link_libraries(smtpdx_shared PRIVATE smtpdx_flags ${api_libs})

# ---- the check
file(GLOB checkapi CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/harness/checkapi/*.c)
add_library(smtpdx_checkapi OBJECT ${checkapi})
target_include_directories(smtpdx_checkapi PRIVATE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/harness)
target_link_libraries(smtpdx_checkapi PRIVATE smtpdx_flags)

set(check_layers check result client scenario net sasl)
set(check_objects $<TARGET_OBJECTS:smtpdx_checkapi>)
foreach(layer IN LISTS check_layers)
  list(APPEND check_objects $<TARGET_OBJECTS:smtpdx_${layer}>)
endforeach()
# libxml2 and libresolv are for finding servers, which the library does not do: nothing of it is linked.
set(check_libs PkgConfig::libcurl PkgConfig::libuv PkgConfig::libgsasl OpenSSL::SSL OpenSSL::Crypto)

add_library(smtpdx_check_archive STATIC ${check_objects})
set_target_properties(smtpdx_check_archive PROPERTIES OUTPUT_NAME smtpdx_check LINKER_LANGUAGE C)

# Of the layers only what the check calls; of the mapper's public functions none: they come from libsmtpdx.so.
add_library(smtpdx_check_shared SHARED $<TARGET_OBJECTS:smtpdx_checkapi> ${CMAKE_SOURCE_DIR}/harness/api/say.c)
target_include_directories(smtpdx_check_shared PRIVATE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/harness)
set_target_properties(smtpdx_check_shared PROPERTIES OUTPUT_NAME smtpdx_check VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C INSTALL_RPATH "$ORIGIN")
target_link_libraries(smtpdx_check_shared PRIVATE smtpdx_flags smtpdx_check smtpdx_result smtpdx_client smtpdx_diagnose
  smtpdx_scenario smtpdx_provider smtpdx_net smtpdx_doc smtpdx_sasl smtpdx_wire smtpdx_base smtpdx_shared
  ${check_libs} ${api_libs})
target_link_options(smtpdx_check_shared PRIVATE -Wl,--as-needed)
if(lto)
  target_link_options(smtpdx_shared PRIVATE -flto=auto)
  target_link_options(smtpdx_check_shared PRIVATE -flto=auto)
endif()

# ---- what is installed
configure_file(${CMAKE_SOURCE_DIR}/cmake/smtpdx.pc.in ${CMAKE_BINARY_DIR}/smtpdx.pc @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/cmake/smtpdx-check.pc.in ${CMAKE_BINARY_DIR}/smtpdx-check.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/smtpdx.pc ${CMAKE_BINARY_DIR}/smtpdx-check.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/smtpdx)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/smtpdxConfig.cmake.in ${CMAKE_BINARY_DIR}/smtpdxConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/smtpdxConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/smtpdxConfig.cmake ${CMAKE_BINARY_DIR}/smtpdxConfigVersion.cmake
  DESTINATION ${package_dir})

install(FILES ${CMAKE_SOURCE_DIR}/include/smtpdx.h ${CMAKE_SOURCE_DIR}/include/smtpdx_check.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_SOURCE_DIR}/docs/smtpdx.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_SOURCE_DIR}/examples/config.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR})
# For run --mapper and for people to read: what ships runs where it is installed, too.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/smtpdx)
install(TARGETS smtpdx_archive smtpdx_shared smtpdx_check_archive smtpdx_check_shared smtpdx
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
