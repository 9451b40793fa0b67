/* analyser.h - what clang-tidy can't see from one file: whoever fails returns a code that is not 0. Included before each file by scripts/prove. */
#include "base/err.h"

#define sg_fail(err, code, ...) (sg_fail(err, code, __VA_ARGS__), (code))
#define sg_fail_errno(err, ...) (sg_fail_errno(err, __VA_ARGS__), SG_EIO)
