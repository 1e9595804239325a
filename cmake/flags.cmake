# Flags of every target of ours. Warnings we want to see; errors only in development and CI, so that a
# newer compiler never breaks a user's build.
add_library(dstack_p2p_flags INTERFACE)

target_compile_options(dstack_p2p_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
  -Wformat=2 -Wundef -Wvla -Wpointer-arith -Wcast-qual -Wwrite-strings
  -fno-strict-aliasing -fstack-protector-strong)

# C17 without compiler extensions, with POSIX and what glibc adds to it (explicit_bzero, strcasecmp).
target_compile_definitions(dstack_p2p_flags INTERFACE _DEFAULT_SOURCE)

if(DSTACK_P2P_WERROR)
  target_compile_options(dstack_p2p_flags INTERFACE -Werror)
endif()

if(DSTACK_P2P_SANITIZE)
  target_compile_options(dstack_p2p_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(dstack_p2p_flags INTERFACE -fsanitize=address,undefined)
elseif(DSTACK_P2P_TSAN)
  target_compile_options(dstack_p2p_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(dstack_p2p_flags INTERFACE -fsanitize=thread)
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_options(dstack_p2p_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

# Counters that lead the fuzzer; its main() comes with the targets alone.
if(DSTACK_P2P_BUILD_FUZZ)
  target_compile_options(dstack_p2p_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(dstack_p2p_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
