/* analyser_win.h - analyser.h for the files that are for Windows alone. */
#include "scripts/analyser.h"

#include "base/os_win.h"

#define sg_win_fail(err, e, ...) (sg_win_fail(err, e, __VA_ARGS__), SG_EIO)
