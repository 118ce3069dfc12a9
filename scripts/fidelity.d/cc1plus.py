# SPDX-License-Identifier: MIT
"""gcc's cc1plus behind g++ -O2: most of its memory is its own collector's, not malloc's."""
GROUP = "apart"
INPUT_OF = "clang"
COMMAND = ["g++", "-O2", "-std=c++17", "-c", "-o", "/dev/null", "{inputs}/load.cc"]
