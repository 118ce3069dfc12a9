# SPDX-License-Identifier: MIT
# The scalable malloc of oneTBB, through the proxy that replaces a program's malloc by it.
heapwise_allocator(tbbmalloc
  TITLE "TBB scalable malloc"
  LIBRARY tbbmalloc_proxy
  SONAME libtbbmalloc_proxy.so.2
  PACKAGE libtbbmalloc2
  DEVELOPMENT_PACKAGE libtbb-dev
  LINK_FLAG -ltbbmalloc_proxy
  ON_REQUEST)
