# Debian: libcurl4-openssl-dev libjansson-dev libsecp256k1-dev nettle-dev libwslay-dev
#         libmicrohttpd-dev libssl-dev (programs), libcmocka-dev (tests)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Our names for these, for the static library's users get to see them: CURL_LIBRARIES and the like are theirs.
pkg_check_modules(DSTACK_P2P_CURL REQUIRED IMPORTED_TARGET libcurl>=7.85)
pkg_check_modules(DSTACK_P2P_JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(DSTACK_P2P_SECP256K1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(DSTACK_P2P_NETTLE REQUIRED IMPORTED_TARGET nettle>=3.7)
find_package(wslay REQUIRED CONFIG)

if(DSTACK_P2P_BUILD_PROGRAMS)
  pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.71)
  pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
endif()

if(DSTACK_P2P_BUILD_TESTS)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
