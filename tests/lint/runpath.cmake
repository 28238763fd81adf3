# The programs of a build look for libraries in no folder of their own: an empty element of a RUNPATH is the
# current folder. usage: cmake -DPROGRAM=FILE -P runpath.cmake
cmake_minimum_required(VERSION 3.25)
file(READ_ELF "${PROGRAM}" RPATH rpath RUNPATH runpath)
if(NOT "${rpath}${runpath}" STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} looks for libraries in: ${rpath}${runpath}")
endif()
