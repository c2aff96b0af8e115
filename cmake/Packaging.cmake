# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` brings, and `cpack -G DEB`.
include(GNUInstallDirs)

install(TARGETS syscarve RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# What is built for another machine cannot be asked for its help.
if(NOT CMAKE_CROSSCOMPILING)
  install(DIRECTORY ${SYSCARVE_DESCRIBED}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${SYSCARVE_DESCRIBED}/bash/syscarve DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${SYSCARVE_DESCRIBED}/zsh/_syscarve DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${SYSCARVE_DESCRIBED}/fish/syscarve.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY LICENSES docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
# The hook's file is an example, too, and not in share/containers/oci/hooks.d: Podman starts no container at all while a file there names a
# program that is not to be found, and that program is the administrator's to choose (docs/hook.md).
install(DIRECTORY profiles/services DESTINATION ${CMAKE_INSTALL_DATADIR}/syscarve/profiles)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} USE_SOURCE_PERMISSIONS)

set(SYSCARVE_CONTACT "The syscarve maintainers <maintainers@syscarve.invalid>" CACHE STRING "Who answers for a package that cpack makes")
set(CPACK_PACKAGE_NAME syscarve)
set(CPACK_PACKAGE_VENDOR "The syscarve authors")
set(CPACK_PACKAGE_CONTACT "${SYSCARVE_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "seccomp profile generator from traced system calls")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"syscarve records which system calls a command, a process or a container
really makes, from the first instruction to the last, and writes a seccomp
profile that allows these and nothing else, with the capabilities that were
needed.
.
Profiles can be generated for Docker, Podman, systemd, minijail and others,
compared by what they mean, checked against recordings, explained call by
call, and tried without root. Recording uses eBPF, or seccomp user
notification where that is not allowed.")
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/debian/stage.cmake)
# For that script, which sees no variable of ours with another prefix.
set(CPACK_SYSCARVE_SOURCE ${CMAKE_SOURCE_DIR})
set(CPACK_SYSCARVE_DATE "${SYSCARVE_DATE}")
set(CPACK_GENERATOR DEB)
include(CPack)
