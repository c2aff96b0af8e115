# SPDX-License-Identifier: Apache-2.0
# Everything comes from the distribution's packages; docs/dependencies.md says what each is for.
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf>=1.1)
pkg_check_modules(LIBSECCOMP REQUIRED IMPORTED_TARGET libseccomp>=2.5.2)
pkg_check_modules(LIBCURL REQUIRED IMPORTED_TARGET libcurl>=7.68)
pkg_check_modules(LIBYAML REQUIRED IMPORTED_TARGET yaml-0.1>=0.2.2)
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive>=3.6)
pkg_check_modules(LIBCRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
find_package(absl REQUIRED)
find_package(CLI11 2.1 REQUIRED)

# The kernel side is compiled by clang whatever compiles the rest, and bpftool makes the skeleton. Debian installs bpftool in
# /usr/sbin, which an ordinary user's PATH does not have.
find_program(SYSCARVE_BPF_CLANG NAMES clang clang-19 clang-16 clang-15 clang-14 REQUIRED)
# Ubuntu's is a script that refuses when the running kernel's own bpftool is not installed; any kernel's can make a skeleton.
function(syscarve_bpftool_works result candidate)
  execute_process(COMMAND ${candidate} version RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(NOT status EQUAL 0)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()
file(GLOB bpftool_folders /usr/lib/linux-tools/*)
find_program(SYSCARVE_BPFTOOL NAMES bpftool PATHS /usr/sbin /usr/local/sbin ${bpftool_folders} VALIDATOR syscarve_bpftool_works REQUIRED)
