# 64-bit Windows by Debian's gcc-mingw-w64-x86-64, for the libraries (superbuild/) and for the project itself.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(host x86_64-w64-mingw32)

# The win32 thread model: plain C needs no winpthreads. There is no C++ compiler on purpose: all of it is C.
set(CMAKE_C_COMPILER ${host}-gcc-win32)
set(CMAKE_RC_COMPILER ${host}-windres)
find_program(CMAKE_AR ${host}-ar REQUIRED)
find_program(CMAKE_RANLIB ${host}-ranlib REQUIRED)

# Windows Server 2012 R2 and later. printf and its family by C99, whatever the C library of the server knows.
add_compile_definitions(_WIN32_WINNT=0x0603 WINVER=0x0603 __USE_MINGW_ANSI_STDIO=1)

set(CMAKE_C_FLAGS_INIT "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -static-libgcc -Wl,--nxcompat,--dynamicbase,--high-entropy-va")

# Libraries and headers of the target only, programs of this machine only.
set(CMAKE_FIND_ROOT_PATH /usr/${host} ${SG_WINDOWS_PREFIX})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SG_WINDOWS_PREFIX)
