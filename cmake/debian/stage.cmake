# SPDX-License-Identifier: Apache-2.0
# Run by cpack over what it is about to pack: what Debian wants and an installation by hand does not.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
  return()
endif()
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${root}/usr/share/doc/syscarve)
if(NOT EXISTS ${doc})
  message(FATAL_ERROR "stage.cmake: ${doc} is not there")
endif()

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The licences are Debian's own files, which the copyright file names.
file(REMOVE_RECURSE ${doc}/LICENSE ${doc}/LICENSES)
file(COPY_FILE ${CPACK_SYSCARVE_SOURCE}/cmake/debian/copyright ${doc}/copyright)

file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
# Where there is no release yet, the day of the build.
execute_process(COMMAND date --utc --rfc-email "--date=${CPACK_SYSCARVE_DATE}" OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${doc}/changelog.Debian
"syscarve (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Release ${CPACK_PACKAGE_VERSION}: changelog.gz has what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(GLOB pages ${root}/usr/share/man/man1/*.1)
run(gzip -9n ${pages} ${doc}/changelog ${doc}/changelog.Debian)

# Debian's zsh looks here.
file(MAKE_DIRECTORY ${root}/usr/share/zsh)
file(RENAME ${root}/usr/share/zsh/site-functions ${root}/usr/share/zsh/vendor-completions)

file(MAKE_DIRECTORY ${root}/etc/syscarve ${root}/var/lib/syscarve/baseline ${root}/var/lib/syscarve/profiles)
run(chmod -R u=rwX,go=rX ${root}/etc ${root}/var ${root}/usr/share)
