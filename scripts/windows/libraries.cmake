# The targets that pkg-config gives on Linux, for the static libraries of scripts/windows/superbuild in SG_WINDOWS_PREFIX. Windows' own libraries that
# each of them needs come with it. The folder may be moved: nothing here knows where it was built.
if(NOT SG_WINDOWS_PREFIX)
  message(FATAL_ERROR "SG_WINDOWS_PREFIX must name the libraries' folder; scripts/build-windows does")
endif()

# windows_library(TARGET FILE [DEFINES...] [LIBRARIES...] [INCLUDE folder])
function(windows_library target file)
  cmake_parse_arguments(L "" "INCLUDE" "DEFINES;LIBRARIES" ${ARGN})
  set(path ${SG_WINDOWS_PREFIX}/lib/${file})
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "${path} is not there; scripts/build-windows makes it")
  endif()
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${path} INTERFACE_COMPILE_DEFINITIONS "${L_DEFINES}"
    INTERFACE_INCLUDE_DIRECTORIES "${SG_WINDOWS_PREFIX}/include;${L_INCLUDE}" INTERFACE_LINK_LIBRARIES "${L_LIBRARIES}")
endfunction()

windows_library(PkgConfig::XML2 libxml2.a INCLUDE ${SG_WINDOWS_PREFIX}/include/libxml2 DEFINES LIBXML_STATIC LIBRARIES ws2_32)
windows_library(PkgConfig::CRYPTO libcrypto.a LIBRARIES ws2_32 crypt32 bcrypt gdi32 user32 advapi32)
# XMLSEC_NO_SIZE_T decides the type xmlSecSize: what the library was built with, its users must say.
windows_library(sg_xmlsec_core libxmlsec1.a INCLUDE ${SG_WINDOWS_PREFIX}/include/xmlsec1 LIBRARIES PkgConfig::XML2
  DEFINES XMLSEC_STATIC XMLSEC_NO_SIZE_T __XMLSEC_FUNCTION__=__func__ XMLSEC_NO_XSLT=1 XMLSEC_NO_CRYPTO_DYNAMIC_LOADING=1 XMLSEC_CRYPTO_OPENSSL=1)
windows_library(PkgConfig::XMLSEC libxmlsec1-openssl.a LIBRARIES sg_xmlsec_core PkgConfig::CRYPTO)
windows_library(PkgConfig::CURL libcurl.a DEFINES CURL_STATICLIB LIBRARIES normaliz ws2_32 crypt32 bcrypt advapi32)
windows_library(PkgConfig::PCRE2 libpcre2-8.a DEFINES PCRE2_STATIC)
windows_library(PkgConfig::UV libuv_a.a LIBRARIES ws2_32 iphlpapi psapi userenv user32 advapi32)
windows_library(sg_lmdb liblmdb.a LIBRARIES advapi32)
windows_library(sg_msgpack libmsgpackc.a)
windows_library(sg_cmocka libcmocka-static.a) # the tests' alone, as is libssl
windows_library(sg_ssl libssl.a LIBRARIES PkgConfig::CRYPTO)
set(LMDB_LIBRARY sg_lmdb)
set(MSGPACK_LIBRARY sg_msgpack)
set(CMOCKA_LIBRARY sg_cmocka)
