# libsmtpdx, the mapper as a C library: the objects of the layers it stands on in one archive and in one shared
# library, its header, its pkg-config file, and what `cmake --install` puts where.
include(GNUInstallDirs)
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
if(lto)
  target_link_options(smtpdx_shared PRIVATE -flto=auto)
endif()

configure_file(${CMAKE_SOURCE_DIR}/cmake/smtpdx.pc.in ${CMAKE_BINARY_DIR}/smtpdx.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/smtpdx.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${CMAKE_SOURCE_DIR}/include/smtpdx.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_SOURCE_DIR}/docs/smtpdx.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_SOURCE_DIR}/examples/config.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR})
# For run --mapper and for people to read: what ships runs where it is installed, too.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/smtpdx)
install(TARGETS smtpdx_archive smtpdx_shared smtpdx
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
